"""Words beside which a name stands: titles, credentials, and what doctors do."""

from __future__ import annotations

import re

from bot.phi import lists

#: Titles that more often mean something else: MS is multiple sclerosis, col is column.
DOUBTFUL_TITLES = frozenset("ms miss col capt maj mx doctor".split())
#: Words after which only a person comes.
SURE_CUES = [
    tuple(cue.split())
    for cue in """md; do; np; rn; pa-c; crna; aprn; seen by; evaluated by; examined by; referred by;
    ordered by; signed by; dictated by; treated by; accompanied by; brought by; assisted by;
    read by; reviewed by; prescribed by; cosigned by; followed by; performed by;
    documented by; called by; name is; names is; named; aka; attn; sincerely;
    regards; pcp; surgeon; attending; physician; provider; spoke with; spoke to;
    talked to; signed; emergency contact; next of kin; surname; lastname; firstname;
    last name; first name; full name; maiden name; patient name; pt name; name;
    guarantor; subscriber; insured; policyholder; beneficiary; caregiver; guardian;
    poa; this is; dear; cc; anesthesiologist; radiologist; pathologist; resident;
    nurse; midwife; dentist; pharmacist; therapist; scribe; coder; goes by; known
    as; formerly; nee; née; per dr; cardiologist; oncologist; neurologist;
    hospitalist; intensivist; pediatrician; psychiatrist; gastroenterologist;
    orthopedist; urologist; nephrologist; dermatologist; endocrinologist;
    rheumatologist""".split(";")
]
#: Verbs whose object is often a person.
CALLS = frozenset("call contact text phone notify reach ask tell saw".split())
CREDENTIALS = re.compile(
    r",?\s*(?:M\.?D|D\.?O|R\.?N|N\.?P|PA-?C|PA|Ph\.?D|DPM|DDS|DMD|LCSW|LMFT|CRNA|APRN|ARNP|FNP(?:-?B?C)?|DNP|MBBS|RNFA|CNM|CPC|RHIA|RHIT|CCS|BSN|MSN|FACS|FACP|PharmD|OD|DC|PsyD|LPC|CNS|AuD)\b\.?"
)
#: Verbs whose subject is often a doctor.
DOCTOR_VERBS = frozenset(
    "ordered saw recommends performed wrote documented billed dictated prescribed did".split()
)
#: Words after "dr" in small letters that are no name: "dr order".
AFTER_DOCTOR = lists.words("after_doctor")
