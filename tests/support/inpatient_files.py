"""Small files in the layouts of the lists of inpatient claims and risk adjustment, with a few rows
each. What the rows say is as published, or plain from the code; the numbers of collections are not.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from codesets.rows_inpatient import (
    CcExclusion,
    CountsIfAlive,
    DrgExclusion,
    DrgWeight,
    HccEdit,
    HccHierarchy,
    HccLabel,
    HccMapping,
    HospitalAcquired,
    InpatientRow,
    MceEdit,
    PdxCollection,
    PoaChange,
    PoaExempt,
    SeverityLevel,
)

#: A row of each kind.
ROWS: list[InpatientRow] = [
    SeverityLevel("S00.0", "CC"),
    CcExclusion("S00.0", "MCC", "0002"),
    PdxCollection("0002", ("S00.0", "S00.1")),
    CountsIfAlive("S00.0"),
    DrgExclusion("082", "084", "Dents", ("S00.0",)),
    DrgWeight("082", "DENTS WITH MCC", "01", "MED", True, False, "1.5", "1.4", "3.0", "4.0"),
    MceEdit("S00.0", "pediatric", 0, 17, "43"),
    MceEdit("S00.0", "manifestation", None, None, "43"),
    PoaExempt("S00.0"),
    PoaChange("S00.0", "revised"),
    HospitalAcquired("S00.0", "05", "Falls and Trauma", True),
    HccMapping("S00.0", "CMS-HCC V28", 37),
    HccLabel("CMS-HCC V28", 37, "Dents"),
    HccHierarchy("CMS-HCC V28", 37, 38),
    HccEdit("S00.0", "CMS-HCC V28", "F", None, 17, None),
    HccEdit("S00.0", "CMS-HCC V28", "", 1, None, 38),
]

TABLE_6I = (
    "TABLE 6I - COMPLETE MCC LIST\r\nDiagnosis Code\tDescription\r\n"
    "I46.9\tCardiac arrest, cause unspecified\r\n"
    "I50.23\tAcute on chronic systolic (congestive) heart failure\r\n"
    "J96.01\tAcute respiratory failure with hypoxia\r\n\r\n\tNotes:\r\n"
)
TABLE_6J = (
    "TABLE 6J - COMPLETE CC LIST\r\nDiagnosis Code\tDescription\r\n"
    "D62\tAcute posthemorrhagic anemia\r\nK77\tLiver disorders in diseases classified elsewhere\r\n"
    "N17.9\tAcute kidney failure, unspecified\r\n\r\n\tNotes:\r\n"
)
TABLE_6K = "\r\n".join(
    """TABLE 6K - COMPLETE LIST OF CC EXCLUSIONS

Table 6K is a list of all of the codes that are defined as either a complication or comorbidity

K Part 1: List of CC and Major CC Codes
 I10 Dx  Lev PDX Exclusions   ICD-10-CM Description
 D62     CC  0002:1,002 codes Acute posthemorrhagic anemia
 I469    MCC 0003:1 code      Cardiac arrest, cause unspecified
 I5023   MCC 0003:1 code      Acute on chronic systolic (congestive) heart failure
 J9601   MCC No Excl          Acute respiratory failure with hypoxia
 K77     CC  No Excl          Liver disorders in diseases classified elsewhere
 N179    CC  0004:2 codes     Acute kidney failure, unspecified

PDX collection 0002
  D62     Acute posthemorrhagic anemia
  D649    Anemia, unspecified

PDX collection 0003
  I5023   Acute on chronic systolic (congestive) heart failure

PDX collection 0004
  N179    Acute kidney failure, unspecified
  N186    End stage renal disease

K Part 2: Codes that are CC or Major CC only if patient discharged alive

  I469    Cardiac arrest, cause unspecified

K Part 3: Secondary Diagnosis CC/MCC Severity Exclusions in Select MS-DRGs

MDC 11 DRGs 673-675 Other Kidney and Urinary Tract Procedures

  N179 Acute kidney failure, unspecified
""".split("\n")
)
TABLE_5 = (
    '"TABLE 5.\u2014LIST OF MEDICARE SEVERITY DIAGNOSIS-RELATED GROUPS (MS-DRGS), \n'
    'AND GEOMETRIC AND ARITHMETIC MEAN LENGTH OF STAY\u2014FY 2026 Final Rule"\t\t\t\t\t\t\r\n'
    "MS-DRG \tFY 2026 Final Post-Acute DRG\tFY 2026 Final Special Pay DRG\tMDC\tTYPE\t"
    "MS-DRG Title\t"
    "Weights - Before Cap\tWeights - 10% Cap Applied \tGeometric mean LOS\tArithmetic mean LOS\r\n"
    "010\tNo\tNo\tPRE\tSURG\tPANCREAS TRANSPLANT\t3.0699\t7.1757\t5.9\t6.0\r\n"
    "291\tYes\tNo\t05\tMED\tHEART FAILURE AND SHOCK WITH MCC\t1.2\t1.2\t3.7\t4.9\r\n"
    "292\tYes\tNo\t05\tMED\tHEART FAILURE AND SHOCK WITH CC\t0.9\t0.9\t3.0\t3.9\r\n"
    "999\tNo\tNo\t \t**\tUNGROUPABLE\t.\t.\t.\t\r\n\t\t\t\t\t\t\t\t\t\r\n"
)
MCE_TABLE = (
    "MCE_Version\tICD_Version\tMCE_Section\tMCE_Subsection\tMCE_Edit_Type\tICD_Code_Type\t"
    "ICD_Code\tICD_Desc\n37\tI10\t4\tA\tNewborn_Only\tD\tA33\tTetanus neonatorum\n"
    "37\tI10\t4\tC\tMaternity_Only\tD\tO80\tEncounter for full-term uncomplicated delivery\n"
    "37\tI10\t5\tC\tMale_Only\tD\tN400\tBenign prostatic hyperplasia\n"
    "37\tI10\t11\tF\tNoncovered_Over60\tP\t0SR40JZ\tReplacement of lumbosacral disc"
)
MCE_JSON = json.dumps(
    {
        "description": "CMS Medicare Code Editor (MCE) diagnosis edit lists",
        "age_categories": {
            "newborn": {"min_age": 0, "max_age": 0},
            "maternity": {"min_age": 9, "max_age": 64},
            "adult": {"min_age": 15, "max_age": 124},
        },
        "codes": {
            "manifestation_not_pdx": [{"code": "D631", "description": "Anemia in CKD"}],
            "unacceptable_pdx": [{"code": "B950", "description": "Streptococcus, group A"}],
            "unacceptable_pdx_unless_secondary": [{"code": "Z5189", "description": "Aftercare"}],
            "age_newborn": [{"code": "A33", "description": "Tetanus neonatorum"}],
            "age_adult": [{"code": "N400", "description": "Benign prostatic hyperplasia"}],
            "age_maternity": [{"code": "O80", "description": "Delivery"}],
        },
    },
    indent=1,
)
POA = (
    "Order26\tPOAexemptCode\tDescription\r\n01243\tB91\tSequelae of poliomyelitis\r\n"
    "72000\tZ79.4\tLong term (current) use of insulin\r\n"
)
POA_ADDED = "Order26\tPOAexemptCode\tDescription\r\n01243\tB91\tSequelae of poliomyelitis\r\n"
POA_DELETED = "POAexemptCode\tDescription\r\nQ89.8\tOther specified malformations\r\n"
POA_REVISED = (
    "Order26\tAction\tPOAexemptCode\tDescription\r\n"
    '72000\tRevise from:\tZ79.4\t"Long term, insulin"\r\n'
    "72000\tRevise to:\tZ79.4\tLong term (current) use of insulin\r\n"
)
HAC = (
    "Appendix I Hospital Acquired Conditions\n\nHAC 05:  Falls and Trauma\nSECONDARY DIAGNOSIS\n\n"
    "  S72001A CC  Fracture of unspecified part of neck of right femur, initial encounter\n\n"
    "HAC 14:  Iatrogenic Pneumothorax with Venous Catheterization\nPROCEDURES\n\n"
    "  02H633Z* Insertion of Infusion Device into Right Atrium, Percutaneous Approach\n\nAND\n"
    "SECONDARY DIAGNOSIS\n\n  J95811 CC  Postprocedural pneumothorax\n\n"
)
HCC_FORMAT = (
    "E1122\t37\t\r\nE119\t38\t\r\nI5023\t224\t\r\nB377\t2\t\r\nB377\t6\tD\r\nZ794\t38\t\r\n"
)
HCC_MAPPING = (
    "diagnosis_code,cc,model_name\nE1122,18,CMS-HCC Model V24\nE1122,37,CMS-HCC Model V28\n"
    "E119,38,CMS-HCC Model V28\nZ794,38,CMS-HCC Model V28\nE1122,30,RxHCC Model V08\n"
    "E1122,18,CMS-HCC ESRD Model V24\nI5023,224,CMS-HCC Model V28\nT82532A,223,CMS-HCC Model V28\n"
)
HCC_LABELS = (
    "cc,label,model_domain,model_version,model_fullname\n"
    "HCC37,Diabetes with Chronic Complications,CMS-HCC,V28,V28115L3\n"
    "HCC18,Diabetes with Chronic Complications,ESRD,V24,V24H86L1\n"
    "RXHCC30,Diabetes with Complications,RxHCC,R08,R08X84L1"
)
HCC_LABELS_JSON = json.dumps(
    {
        "F0_34": {"descr": "Female, 0 to 34 Years old", "type": "demographic"},
        "HCC37": {"descr": "Diabetes with Chronic Complications", "number": 37, "type": "disease"},
    }
)
HCC_HIERARCHIES = (
    "cc_parent,cc_child,model_domain,model_version,model_fullname\n37,38,CMS-HCC,V28,V28115H1\n"
    "18,19,CMS-HCC,V24,V24H86H1\n"
)
HCC_EDITS = (
    "icd10,edit_type,sex,age_min,age_max,action,cc_override,model_name,description\r\n"
    "D66,sex,2,,,override,112,CMS-HCC Model V28,V28 sex=2\r\n"
    "J430,age,,,17,invalid,,CMS-HCC Model V28,V28 age<18\r\n"
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode("cp1252"))
    return path


def zipped(folder: Path, name: str, members: dict[str, str]) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as package:
        for member, text in members.items():
            package.writestr(member, text)
    return path


def all_of(folder: Path, *, hac: bool = False) -> list[Path]:
    """One file of each list of FY2026 and of payment year 2027, named as published."""
    files = [
        written(folder, "Table_6I_Complete_MCC_List_FY2026.txt", TABLE_6I),
        written(folder, "Table_6J_Complete_CC_List_FY2026.txt", TABLE_6J),
        zipped(folder, "Table_6K_Complete_List_FY2026.zip", {"cc_exclusions.txt": TABLE_6K}),
        written(folder, "Table_5_FY2026.txt", TABLE_5),
        written(folder, "mce_edits_v43_2026-07.json", MCE_JSON),
        written(folder, "POAexemptCodesFY26.txt", POA),
        written(folder, "hcc_mapping_2027.csv", HCC_MAPPING),
        written(folder, "hcc_labels_2027.csv", HCC_LABELS),
        written(folder, "hcc_hierarchies_2027.csv", HCC_HIERARCHIES),
    ]
    return [*files, written(folder, "appendix_I_FY2026.txt", HAC)] if hac else files
