"""Identifiers with a known form, or with a word beside them that says what the number is.

A coder's text is full of numbers that are no identifiers. So where a code, a dose, a laboratory
value or a unit has the same form, the number of digits alone makes no identifier; and matches of
`_MEDICINE` are set aside first. Sources of the forms:

- MBI: https://www.cms.gov/medicare/new-medicare-card/understanding-the-mbi-format
- NPI: 45 CFR 162.406; DEA number: 21 CFR 1301; NDC: 21 CFR 207.33
- UDI: 21 CFR 801.40, as GS1 and HIBCC write it; VIN: 49 CFR 565.13
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.phi.spans import Kind, Span
from codesets import months
from codesets.code_format import CPT, HCPCS, ICD9CM_DOTTED, ICD10CM, NDC_DASHED

_MONTH = rf"{months.MONTH}\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[89]\d\d|20\d\d)"
_YEAR2 = r"(?:'\d\d|1[89]\d\d|20\d\d|\d\d)"
_MONTH_DAY = r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)"
)
#: A number as offices issue it, also with letters; at least one digit.
_VALUE = r"(?=[A-Za-z-]{0,12}\d)[A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*(?: \d{2,4}(?!\d)(?! ?[a-z%]))*"
#: What may stand between a word that names an identifier and the identifier.
_IS = r"(?:\s*(?:numbers?|num|no\b\.?|nbr|id|ids|code|#|is|was|end(?:s|ing|ed)?(?: in| with| w)?|:|=|-|\(|\)|of record)){0,4}\s*[:#=(]?\s*"
#: The same after a word that is often no identifier: something must say that a number follows.
_NUMBER = r"\s*(?:(?:numbers?|num|no\b\.?|nbr|id\b|ids\b|#|:|=)\s*(?:is|was|end(?:s|ing)? in|[:#=(-])?\s*){1,3}"

#: Not when a number follows the word: then that is its number, and the one before is a code.
_NOT_BEFORE_ONE = r"(?!\w)(?!\W{0,3}(?:(?:is|no|number)\W{1,2})?\d)"
#: Not when the number of a room is an amount of something.
_NO_AMOUNT = r"(?! ?(?:air|temp\w*|min\w*|hours?|hrs?|h|days?|wks?|weeks?|months?|sores?|ft|feet|x|mg|and \d|or \d)\b)(?! ?[%/])"

#: Words that make a bare date one of a patient: a service, a birth, a stay.
_DATED = (
    r"(?:\b(?:dos|d\.o\.s\.?|dob|d\.o\.b\.?|dod|doa|doi|doe|born|birth ?(?:date|day)?|b-?day|date"
    r"|dated|died|death|expired|deceased|admit(?:ted)?|admission|adm|discharged?|d/c'?d?|dc'?d"
    r"|dismissed|seen|service|visit(?:ed)?|appt|appointment|surgery|procedure|operated|procedures"
    r"|injur(?:y|ed)|onset|fell|accident|encounter|exam|scheduled|scan|mri|ct|x-?ray|lmp|edd|edc|edb"
    r"|due|delivered|delivery|transferred|lab|labs|drawn|collected|result|biopsy|done|performed"
    r"|started|since|until|thru|through|between|before|after|on|from|to|last|f/u|follow ?-?up|signed"
    r"|received|implanted|placed|removed|vaccinated|given|fill(?:ed)?|diagnosed|dx'?d)\b"
    r"(?:\s+(?:on|of|in|was|is|date|dates|for|from|the|to|w/|patient|pt))*\s*[:=(-]?\s*)"
)

_i = re.I
#: Medicine that has the form of an identifier.
_MEDICINE = [
    re.compile(rf"(?<![\w-]){NDC_DASHED}(?![\w-])"),
    # Words after which a code comes.
    re.compile(
        r"\b(?:ndc|snomed(?:[ -]?ct)?|sctid|rxnorm|rxcui|loinc|unii|gpi|cpt|hcpcs|icd(?:-?\s?\d+)?"
        r"(?:-?(?:cm|pcs))?|pcs|ms-?drg|drg|apc|apg|rev(?:enue)?(?: code)?|taxonomy|cvx|mvx|hcc|dx"
        r"|px|diagnosis|procedure|modifier|pos|place of service|tob|type of bill|carc|rarc|ncd|lcd"
        r"|cpt4|nct)(?: codes?| no\.?| numbers?)?[ :#]{0,2}(?:\d{1,3}-)?\d[\dA-Z-]{1,13}"
        r"(?:\.\d+)?(?![\w-]*\w)",
        _i,
    ),
    # A provider's taxonomy code, a clinical trial (reported with Z00.6).
    re.compile(r"(?<!\w)(?:\d{3}[A-Z0-9]{6}X|NCT\d{8})(?!\w)"),
    # A number with its unit.
    re.compile(
        r"(?<![\w.,/-])\d[\d,.]*\s?(?:[uµμ]?[glL]|mg|mcg|kg|ml|mL|units?|iu|u|meq|mmol|mmhg|cells?"
        r"|copies|k|m?sv|mci|mbq|gy|cgy|cc|million|billion|x ?10)(?:/\w+)?(?!\w)",
        _i,
    ),
    # A billed code with its modifiers: 20610-RT-59, J0897-76.
    re.compile(
        rf"(?<![\w-])(?:{HCPCS}|{CPT})(?:-(?:[A-Z][A-Z0-9]|\d[A-Z]|2[1-7]|3[23]|47|5\d|6[26]|7[6-9]"
        r"|8[0-2]|9[0-59])){1,4}(?![\w-])",
        _i,
    ),
    # Ranges of codes.
    re.compile(rf"(?<![\w-])(?:{CPT}-{CPT}|{HCPCS}-{HCPCS})(?![\w-])", _i),
]  # fmt: skip

_FORMS: list[tuple[Kind, re.Pattern[str]]] = [
    ("EMAIL", re.compile(r"[\w.+%'-]{1,64}+\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]{1,63}){1,8}")),
    ("EMAIL", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+ at [\w-]{1,63} dot (?:com|org|net|edu|gov)\b", _i)),
    (
        "FILE",
        re.compile(
            r"(?<![^\s<>\"'(),;:])[^\s<>\"'(),;:]+\.(?:jpe?g|png|gif|bmp|tiff?|heic|heif|webp|dcm|dicom|pdf|docx?|xlsx?"
            r"|csv|txt|rtf|mp4|mov|avi|m4a|wav|mp3|zip|svg|raw|hl7|xml|eml|msg)\b",
            _i,
        ),
    ),
    ("DEVICE", re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", _i)),
    ("ID", re.compile(r"(?<!\w)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!\w)", _i)),
    ("IP", re.compile(r"(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?::\d+|/\d+)?(?![\d.]*\d)")),
    ("IP", re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])(?<=[0-9a-f])(?<!\d\d:\d\d:\d\d)", _i)),
    ("IP", re.compile(r"(?<![\w:])[0-9a-f]{0,4}::(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4}(?![\w:])", _i)),
    # GS1: (01) and 14 digits, then further parts; HIBCC begins with +.
    ("DEVICE", re.compile(r"\(?01\)?\s?\d{14}(?:\s?\(\d{2}\)\s?[A-Za-z0-9.-]+|[A-Za-z0-9]*)*")),
    ("DEVICE", re.compile(r"(?<!\w)\+[A-Z]\d{3}[A-Z0-9/$+.-]{6,}")),
    ("SSN", re.compile(r"(?<![\w-])\d{3}[-. ]\d{2}[-. ]\d{4}[A-Za-z]?\d?(?![\w-]*\w)")),
    ("SSN", re.compile(r"(?<![\w-])[x*#•]{3}[- ]?[x*#•]{2}[- ]?\d{4}(?!\w)", _i)),
    (
        "SSN",
        re.compile(
            r"\b(?:ssn?|s\.s\.n\.?|soc(?:ial)?(?: sec(?:urity)?)?|itin|tin|tax ?id|ein)(?=[\W\d])" + _IS +
            r"(?:last (?:4|four)(?: digits)?(?: of)?\s*[:#]?\s*)?(?:is\s+)?(?P<id>\d[\d .-]{2,10}\d[A-Za-z]?)(?![\w-])",
            _i,
        ),
    ),
    ("SSN", re.compile(r"\blast (?:4|four)(?: digits)?(?: of)?(?: (?:his|her|the|their|pt'?s?))?(?: (?:ssn?|social(?: security)?))?" + _IS + r"(?P<id>\d{4})(?!\d)", _i)),
    ("MEMBER ID", re.compile(r"(?<![A-Za-z0-9])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y]{2}\d{2}(?![A-Za-z0-9])", _i)),
    ("ACCOUNT", re.compile(r"(?<![\w-])\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{3,4}(?![\w-])")),
    ("VEHICLE", re.compile(r"(?<!\w)(?=(?:[A-Z]*\d){4})(?=(?:\d*[A-Z]){2})[A-HJ-NPR-Z0-9]{17}(?!\w)", _i)),
    (
        "FAX",
        re.compile(r"\b(?:fax|facsimile)(?:ed)?(?: (?:to|at|records|it|this|them))*" + _IS + r"(?P<id>\+?[\d(][\d() .-]{5,18}\d)(?!\w)", _i),
    ),
    (
        "PHONE",
        re.compile(
            r"(?<![\w.-])(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)\s?[-. ]?|\d{3}[-. /]{1,2})\d{3}[-. ]{0,2}\d{4}"
            r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w-]*\w)",
            _i,
        ),
    ),
    ("PHONE", re.compile(r"(?<!\w)\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?!\w)")),
    ("PHONE", re.compile(r"\b\d{3}[-. ]?[A-Z]{3}[-. ]?[A-Z]{4}\b(?<=[A-Z])(?<!\d[A-Z]{7})|\b1?-?8(?:00|88|77|66|55|44|33)-[A-Z0-9-]{7,9}\b")),
    (
        "PHONE",
        re.compile(
            r"\b(?:ph(?:one)?|tel(?:ephone)?|cell(?:ular)?|mobile|call(?:ed|back)?|call back|text(?:ed)?"
            r"|contact|pager?|beeper|reach(?:ed|able)?|home|work|dial|ring|voicemail|vm|ext(?:ension)?|x)"
            r"(?: (?:him|her|them|me|us|pt|patient|back|phone|number|mom|dad|wife|husband|spouse|daughter|son|at|on|to|for|the|cell|is))*" + _IS +
            r"(?:at |on )?(?P<id>\+?1?[ .-]?\(?\d{3}\)?[ .-]?\d{3,4}(?:[ .-]?\d{4})?|(?<=ext )\d{2,6}|(?<=ext\. )\d{2,6}|(?<=extension )\d{2,6})(?![\w-]*\w)",
            _i,
        ),
    ),
    (
        "MRN",
        re.compile(
            r"\b(?:mrns?|mr ?#|m\.r\.n?\.?|med(?:ical)? ?rec(?:ord)?s?|emrn|empi|epi|unit (?:#|no|number)|chart(?: ?(?:#|no\b|number|id))"
            r"|(?:patient|pt|hospital|hosp|person|emr|ehr|epic|cerner)\.?(?:'s)? ?(?:id\b|#|no\b\.?|number|identifier)|pid|mpi)(?=[\W\d_])" + _IS +
            r"(?P<id>" + _VALUE + r")",
            _i,
        ),
    ),
    ("MRN", re.compile(r"\bmrn[a-z]?\d[\w-]*", _i)),
    ("MRN", re.compile(r"\bmr\d{5,}[\w-]*", _i)),
    (
        "LICENSE",
        re.compile(
            r"\b(?:npi|dea|upin|clia|ptan|caqp?h|nabp|ncpdp|tpi|state lic(?:ense)?|(?:medical|nursing|rn|md|professional|pharmacy|board)"
            r" (?:licen[sc]e|lic|cert(?:ificat\w+)?)|driv(?:er|ing)(?:'?s|s')?'? ?(?:licen[sc]e|lic\.?|id)|passport|state id|green ?card"
            r"|alien(?: reg\w*)?|visa|military id|dod id|tribal id|student id|employee id|badge)(?=[\W\d])" + _IS +
            r"(?P<id>" + _VALUE + r")",
            _i,
        ),
    ),
    ("LICENSE", re.compile(r"\b(?:licen[sc]e|lic|cert(?:ificate|ification)?|permit|registration|D\.?L\.?)" + _NUMBER + r"(?P<id>" + _VALUE + r")", _i)),
    ("LICENSE", re.compile(r"(?<![/\w])\bDL (?:[A-Z]{2} )?(?P<id>[A-Z]{1,2}-?\d[\d-]{4,}\d)\b")),
    ("LICENSE", re.compile(r"(?<!\w)[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}(?!\w)", _i)),
    (
        "MEMBER ID",
        re.compile(
            r"\b(?:mbi|hic(?:n|#)|medicare ?(?:id|#|no\b\.?|number|beneficiary)|medicaid(?: recipient)? ?(?:id|#|no\b\.?|number)"
            r"|(?:member|subscriber|policy(?: ?holder)?|insurance|ins|beneficiary|bene|enrollee|recipient|health ?plan|plan|payer|payor"
            r"|group|grp|cardholder|card|tricare|champva|va|bcbs|bc/bs|blue ?cross|blue ?shield|anthem|aetna|cigna|humana|uhc|united ?healthcare"
            r"|kaiser|molina|centene|wellcare|ambetter|oscar|hmo|ppo|medi-?cal|insured)(?:'?s)?(?: \w+)? ?(?:id\b|#|no\b\.?|numbers?\b|num\b|ident\w+))"
            + _IS + r"(?P<id>" + _VALUE + r")",
            _i,
        ),
    ),
    ("MEMBER ID", re.compile(r"\b(?:member|subscriber|policy|bcbs|aetna|cigna|humana|uhc|medicaid|tricare|mbi|group|grp|anthem|insurance|ins)(?: is|:)? (?P<id>(?=[A-Z-]*\d)[A-Z]{0,4}-?(?:\d-?){6,}[A-Z\d]*)(?!\w)", _i)),
    (
        "VEHICLE",
        re.compile(
            r"\b(?:(?:licen[sc]e|lic|number|vehicle|car|truck) ?(?:plates?|tags?)|plate(?= ?(?:#|no\b|number|is|:))|(?:vehicle|car) tag|tag(?= ?(?:#|no\b|number))"
            r"|vin|vehicle id(?:entification)?|registration plate)(?=\W)" + _IS + r"(?:[A-Z]{2} )?(?P<id>(?=[A-Z -]*\d)[A-Z0-9]+(?:[- ][A-Z0-9]*\d[A-Z0-9]*)?)",
            _i,
        ),
    ),
    ("VEHICLE", re.compile(r"\bplates? (?P<id>(?:[A-Z]{2,3}[- ]?\d{3,4}|\d{1,3}[- ]?[A-Z]{2,3}\d{2,4}|\d{3}[- ][A-Z]{3}))(?!\w)", _i)),
    (
        "DEVICE",
        re.compile(
            r"\b(?:serial|s/n|sn(?=[:#])|sn\s?#|ser ?#|ser\.? no|udi(?:-di|-pi)?|device id(?:entifier)?|imei|lot(?= ?(?:#|no\b|number|:))"
            r"|model(?= ?(?:#|no\b|number|:))|ref(?=#)|catalog(?:ue)?(?= ?(?:#|no\b|number))|pacemaker id|implant id|mac address)(?=[\W\d])"
            + _IS + r"(?P<id>(?:\(01\))?" + _VALUE + r")",
            _i,
        ),
    ),
    (
        "BIOMETRIC",
        re.compile(
            r"\b(?:finger ?-?prints?|voice ?-?prints?|retinal?(?: scan)?|iris(?: scan)?|face ?(?:id|print|scan)|facial (?:scan|id|recognition)"
            r"|biometrics?|palm ?(?:scan|print|vein)|dna (?:profile|id|sample))(?: (?:id|template|scan|hash|file|ref\w*|record|token|key))*"
            r"(?=[\s:#=])" + _NUMBER.replace("{1,3}", "{0,3}") + r"(?P<id>(?=[A-Z_-]{0,12}\d)[A-Z0-9]+(?:[-_][A-Z0-9]+)*)",
            _i,
        ),
    ),
    (
        "ACCOUNT",
        re.compile(
            r"\b(?:acc(?:oun)?t|acc't|a/c|guarantor|invoice|claims?|icn|dcn|tcn|ccn|pcn|csn|har|fin|fins|enc(?:ounter)?|visit|case|confirmation"
            r"|conf|reference|ref|(?:prior |pre-?)?auth(?:orization)?|pa|referral|order|rx|prescription|script|check|cheque|routing|bank|card|credit card|debit card|iban"
            r"|accession|specimen|sample|path(?:ology)?|requisition|req|ticket|batch|remit(?:tance)?|eob|statement|bill|receipt|transaction|trace|control|log|file|record|report|study|participant|subject|enrollment|wristband|room|bed)"
            + _NUMBER + r"(?P<id>" + _VALUE + r")",
            _i,
        ),
    ),
    (
        "ACCOUNT",
        re.compile(
            r"\b(?:acc(?:oun)?t|acc't|guarantor|invoice|claims?|icn|dcn|tcn|csn|har|fin|enc(?:ounter)?|visit|case|confirmation|reference|ref|(?:prior |pre-?)?auth(?:orization)?"
            r"|referral|order|rx|check|routing|bank|card|accession|specimen|requisition|ticket|eob|transaction|trace|control)(?: is| was)? ?"
            r"(?P<id>(?=[A-Z-]*(?:\d[-]?){6})[A-Z]{0,4}-?\d[A-Z0-9]*(?:-[A-Z0-9]+)*)(?![\w.])",
            _i,
        ),
    ),
    # Words after which no code comes: any number there is an identifier, however short.
    (
        "ACCOUNT",
        re.compile(r"\b(?:acc(?:oun)?t|acc't|guarantor|csn|har|icn|dcn|tcn)(?: is| was)? ?(?P<id>(?=[A-Z-]{0,4}\d{4})[A-Z0-9]+(?:-[A-Z0-9]+)*)(?![\w.])", _i),
    ),
    # Five digits or more with a letter at the end are no code.
    (
        "ACCOUNT",
        re.compile(
            r"\b(?:invoice|claims?|enc(?:ounter)?|visit|case|confirmation|reference|ref|(?:prior |pre-?)?auth(?:orization)?|referral|order|rx|check|accession"
            r"|specimen|requisition|ticket|eob|transaction|trace|control)(?: is| was)? ?(?P<id>\d{5,}-?[A-Z])(?![\w.])",
            _i,
        ),
    ),
    # "chart" stands before its number, or before a code from it: visits (99202-99499) are codes.
    ("MRN", re.compile(r"\bchart (?P<id>(?!99[2-4]\d\d\b)(?!(?:19|20)\d\d\b)\d{4,10})(?![\w.-]*\w)", _i)),
    # The number first.
    (
        "MRN",
        re.compile(r"(?<![\w.$/-])(?P<id>\d{4,12})(?: is)?(?: the| her| his| their)? ?(?:mrn|med(?:ical)? rec(?:ord)?(?: (?:number|no|#))?|chart (?:number|no\b|#))" + _NOT_BEFORE_ONE, _i),
    ),
    (
        "ACCOUNT",
        re.compile(r"(?<![\w.$/-])(?P<id>\d{4,14})(?: is)?(?: the| her| his| their)? ?(?:acc(?:oun)?t|acc't)(?: (?:number|no|#))?" + _NOT_BEFORE_ONE, _i),
    ),
    ("SSN", re.compile(r"(?<![\w.$/-])(?P<id>\d{4}|\d{9}) ?(?:ssn|social security)" + _NOT_BEFORE_ONE, _i)),
    ("PHONE", re.compile(r"\b(?:pager|beeper|bpr|pgr|vocera)" + _IS + r"(?P<id>\d{3,7})(?![\w.-]*\w)", _i)),
    # Room and bed. Four digits with a leading 0 are a revenue code.
    ("ID", re.compile(r"\b(?:room|rm)\.? ?(?:#|no\.? |number )? ?(?P<id>(?!0\d\d\d)\d{1,4}[A-Z]?(?:-[A-Z\d])?)(?![\w.%/]*\w)" + _NO_AMOUNT, _i)),
    ("ID", re.compile(r"\bbed ?(?:#|no\.? |number )? ?(?P<id>\d{1,3}[A-Za-z]?|(?-i:[A-Z]\d{0,2})|(?<=\d bed )[a-z])(?![\w.%/-]*\w)" + _NO_AMOUNT, _i)),
    ("ID", re.compile(r"\b(?:inmate|prisoner|offender|detainee|booking|jail)(?: (?:id|no\.?|number|is)|[ #:]){0,4} ?(?P<id>(?=[A-Z-]{0,4}\d{4})[A-Z0-9]+(?:-[A-Z0-9]+)*)(?![\w.])", _i)),
    ("DEVICE", re.compile(r"\blot (?P<id>(?=[A-Z\d-]{4})(?=[\d-]*[A-Z])(?=[A-Z-]*\d)[A-Z\d]+(?:-[A-Z\d]+)*|\d{6,})(?![\w.])", _i)),
    ("ID", re.compile(r"(?<![\w@])@[A-Za-z][\w.-]{2,}")),
    # A pathology or laboratory accession: S24-12345.
    ("ACCOUNT", re.compile(r"(?<![\w.-])[A-Z]{1,3}\d{2}-\d{4,7}(?![\w.-]*\w)")),
]  # fmt: skip


def _numeric(number: int) -> str:
    """A date in digits, with its year. `number` tells the dates of one pattern apart."""
    return (
        rf"(?:\d{{1,2}}(?P<sign{number}>[/-])\d{{1,2}}(?P=sign{number})(?:\d{{4}}|\d{{2}})"
        r"|\d{1,2}\.\d{1,2}\.\d{4}|\d\d\.\d\d\.\d\d|\d{1,2} ?/ ?\d{1,2} ?/ ?\d{2,4}"
        rf"|(?:19|20)\d\d(?P<iso{number}>[-/.])(?:0?[1-9]|1[0-2]|\d\d)(?P=iso{number})\d{{1,2}})(?!\d)"
        r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?"
    )


#: What may stand before a date: nothing of a number, and a letter only as the end of a word ("dob").
_BEFORE_DATE = r"(?<![\d/-])(?<!\d\.)(?<!\b[A-Za-z])"
#: What may stand behind it: letters ("10/28/26w/ cough"), and no more of a number, and no unit.
_AFTER_DATE = r"(?![/.-]?\d)(?! ?(?:mg|mcg|ml|g|units?)\b)(?!-[A-Za-z]+\d)"
_DATES = [
    # One date, or a stay from one to another.
    re.compile(
        _BEFORE_DATE + r"(?P<id>" + _numeric(1) + r")(?: ?(?:-|/|to|thru|through|until) ?(?P<to>" + _numeric(2) + r"))?" + _AFTER_DATE, _i
    ),
    re.compile(_BEFORE_DATE + r"(?P<id>\d{1,2}[/-]\d{1,2} ?(?:-|to|thru|through) ?" + _numeric(1) + r")" + _AFTER_DATE, _i),
    re.compile(rf"(?<!\w){_DAY}[ -]?(?:of )?{_MONTH}[ -]?,? ?(?:of )?{_YEAR2}(?!\w)", _i),
    re.compile(rf"(?<!\w){_MONTH}[ -]?(?:the )?{_DAY}(?!\d)(?:\s*[,-]?\s*(?:of )?(?:in )?(?:{_YEAR}|'\d\d|(?<=, )\d\d))?(?![\w-]*\w)", _i),
    re.compile(rf"(?<!\w){_DAY} (?:of )?{_MONTH}(?!\w)(?! \d)", _i),
    re.compile(r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"),
]  # fmt: skip

#: Dates only because of the word before: month and year, month and day, digits without a sign
#: between them.
_CUED_DATES = [
    re.compile(_DATED + r"(?P<id>\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{8}|\d{6})(?![\w/%-]*\w)", _i),
    re.compile(
        r"\b(?:dos|d\.o\.s\.?|dob|d\.o\.b\.?|dod|born|birth ?date|admit(?:ted)?|adm|admission|d/c'?d?|dc'?d|discharged?|seen|visit|appt"
        r"|surgery|died|expired|scheduled|lmp|edd|edc|edb|injury|doi|date)"
        r"(?: (?:on|of|was|is|date|in|from|for))*\s*[:=(-]?\s*(?P<id>(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12]\d|3[01]|(?:19|20)\d\d)"
        r"(?:\s?(?:-|to|thru|through)\s?\d{1,2}/\d{1,2})?)(?![\w/%.-]*\w)",
        _i,
    ),
    # Beside a day of the week. "1/2 sat" may be half a tablet.
    re.compile(rf"\b{_WEEKDAY}\.?,? +(?:the +|on +)?(?P<id>{_MONTH_DAY})(?![\w/%.-]*\w)(?! (?:tab|tablet|pill|dose|strength)s?\b)", _i),
    re.compile(rf"(?<![\w/.-])(?!1/2\b)(?P<id>{_MONTH_DAY}),? *\(?{_WEEKDAY}(?!\w)", _i),
    re.compile(r"\bon (?P<id>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))(?![\w/%.-]*\w)(?! (?:strength|power|scale|pain))", _i),
    re.compile(
        r"\b(?:dob|born|birth|died|death|expired|admitted|seen|discharged|since|surgery|diagnosed|in|last|on|dos|injury|injured|fell|started|onset|early|late|mid|from|until|through|transplant(?:ed)?)"
        rf"(?: (?:in|on|of|was|is|early|late|mid))*[:\s]+(?P<id>{_MONTH}[ -]?(?:of )?,? ?{_YEAR})(?!\w)",
        _i,
    ),
    re.compile(rf"(?<![\w-])(?P<id>{_MONTH} (?:of )?{_YEAR})(?!\w)", _i),
    re.compile(r"\b(?:dob|born|birth)\w*(?: (?:is|was|in|on))*[:\s]+(?P<id>(?:0?[1-9]|1[0-2])[/-]?(?:19|20)\d\d)(?!\w)", _i),
]  # fmt: skip
#: Words around a month and a year that make it the date of an edition, not of a patient.
_EDITION = re.compile(
    r"\b(?:fy ?\d*|editions?|updates?|updated|releases?|released|codes?|code ?sets?|effective|eff|quarter\w*|tables?|valid|version"
    r"|guidelines?|icd|hcpcs|cpt|pcs|changes?|changed|new|deleted|added|revised|in force|ncci|mue|asp|billable|retired|expires?)\b",
    _i,
)

_OLD = r"(?:9\d|1[0-3]\d)"
_AGES = [
    re.compile(rf"(?<![\w.,/-])(?P<id>{_OLD}(?:\.\d)?)(?=[ -]?(?:y/?\.?o\b|y\.o\.?|yrs?(?:[ -]old)?\b(?! (?:ago|post|after|pack|hx|history|prior|later|of))|years?[ -](?:old|of age|young)\b|yr[ -]old|y/o\b|year old))", _i),
    re.compile(rf"\b(?:aged?|age is|age of|age:|turn(?:s|ed|ing)|ages)[ :=]+(?:is |of )?(?P<id>{_OLD})(?![\w.,/%-]*\w)(?!(?:st|nd|rd|th)\b)(?! ?-?(?:(?:days?|d|weeks?|wks?|w|months?|mos?|min\w*|hours?|hrs?|percent)\b(?!/)|%))", _i),
    re.compile(rf"(?<![\w.,/-])(?P<id>{_OLD})(?=(?:yo|y)?[ -]?(?:female|male|woman|man|lady|gentleman|gent|wf|bf|wm|bm|grandm\w+|grandf\w+)\b)", _i),
    re.compile(rf"(?<![\w.,/-])(?<!Technetium )(?<!technetium )(?<!Tc )(?P<id>{_OLD})(?=(?:yo|y)?[ /]?[mMfF]\b(?![./-]))"),
    re.compile(r"\b(?P<id>(?:ninety|one hundred|a hundred|hundred)(?:[ -](?:and )?(?:one|two|three|four|five|six|seven|eight|nine|ten))?)(?=[ -]?(?:years?[ -]old|y/?o|yrs?|year old|years of age))", _i),
    re.compile(rf"(?<![\w.,/-])(?P<id>{_OLD}(?:st|nd|rd|th))(?= birthday)", _i),
]  # fmt: skip

#: Letters and digits that have the form of no code.
_UNIQUE = re.compile(
    r"(?<![\w.$-])(?=(?:[A-Za-z-]*\d){6})[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![\w-]*\w)(?!\.\d)"
)
_PLAIN_NUMBER = re.compile(r"\d+")


def find(text: str) -> list[Span]:
    """Identifiers in a text from `spans.shadow`. They may overlap."""
    kept = [match.span() for pattern in _MEDICINE for match in pattern.finditer(text)]

    def is_medicine(start: int, end: int) -> bool:
        return any(first <= start and end <= last for first, last in kept)

    spans = []
    for kind, pattern in _FORMS:
        for span in _matches(kind, pattern, text):
            labelled = _LABEL.search(text[max(0, span.start - _NEAR) : span.start]) is not None
            if is_medicine(span.start, span.end) and not labelled:
                continue
            value = text[span.start : span.end]
            if "id" in pattern.groupindex and _is_a_code(value, kind):
                continue
            spans.append(span)
    spans += _dates(text)
    for pattern in _AGES:
        spans += _matches("AGE", pattern, text)
    spans += [s for s in _unique(text) if not is_medicine(s.start, s.end)]
    spans += [s for s in _neighbours(text, spans) if not is_medicine(s.start, s.end)]
    return spans


def _neighbours(text: str, spans: list[Span]) -> Iterator[Span]:
    """Six digits in a field beside that of a date or a number: no code has six."""
    ends = {span.end for span in spans}
    starts = {span.start for span in spans}
    for match in re.finditer(r"(?<=[|/;,] )\d{6}(?= [|/;,])", text):
        if match.start() - 3 in ends or match.end() + 3 in starts:
            yield Span(*match.span(), "ID")


#: Characters before a number in which a word about it is looked for.
_NEAR = 40
#: Words and signs after which an identifier certainly follows.
_LABEL = re.compile(r"(?:[#:=]|\b(?:numbers?|no\.?|num|id|mrn|ssn|npi))\s*(?:is )?$", _i)


def _matches(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    group = "id" if "id" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        start, end = match.span(group)
        if start >= 0 and end > start:
            yield Span(start, end, kind)


_CODE = re.compile(rf"{ICD10CM}|{HCPCS}|{ICD9CM_DOTTED}", _i)
_CUE_IS_SURE = ("MRN", "SSN", "LICENSE")


def _is_a_code(value: str, kind: Kind) -> bool:
    """Whether the value beside a word like "claim" is a code, and not the number of the claim."""
    if kind in _CUE_IS_SURE:
        return _CODE.fullmatch(value) is not None and "." in value
    return _CODE.fullmatch(value) is not None


def _dates(text: str) -> Iterator[Span]:
    for pattern in _DATES:
        for match in pattern.finditer(text):
            ends = [match.span(name) for name in ("id", "to") if match.groupdict().get(name)]
            yield from (Span(start, end, "DATE") for start, end in ends or [match.span()])
    for pattern in _CUED_DATES:
        for match in pattern.finditer(text):
            start, end = match.span("id")
            around = text[max(0, start - 40) : start] + " " + text[end : end + 25]
            if text[start].isalpha() and _EDITION.search(around):
                continue
            if text[start:end].isdigit() and len(text[start:end]) == 6 and not _six(text, start):
                continue
            yield Span(start, end, "DATE")


def _six(text: str, start: int) -> bool:
    """Whether six digits are a date: only after a word such as "dob"."""
    before = text[max(0, start - _NEAR) : start]
    return re.search(r"\b(?:dob|dos|born|birth\w*|date)\b[\s:=(-]*$", before, _i) is not None


def _unique(text: str) -> Iterator[Span]:
    """Numbers that are long enough to identify somebody, and are no code of any system."""
    for match in _UNIQUE.finditer(text):
        token = match[0]
        digits = sum(char.isdigit() for char in token)
        if _PLAIN_NUMBER.fullmatch(token):
            # 11 digits are an NDC, 7 may be ICD-10-PCS, a round number is an amount.
            if (
                len(token) in (6, 11)
                or (len(token) == 7 and token[0] in "034")
                or token.endswith("000")
            ):
                continue
            kind: Kind = "PHONE" if len(token) == 10 else "SSN" if len(token) == 9 else "ID"
            yield Span(*match.span(), kind)
        elif (
            len(token) >= 8 and digits >= 6 and not re.fullmatch(r"\d{4,5}(?:-\d{1,5}){1,2}", token)
        ):
            yield Span(*match.span(), "ID")
