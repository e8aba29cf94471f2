"""Files that say how a service is paid, in the layouts of CMS and X12, with invented rows."""

from __future__ import annotations

FEES = """,,2026 National Physician Fee Schedule Relative Value File July Release
,,CPT codes and descriptions only are copyright 2026 American Medical Association.
,,,STATUS,PCTC,GLOB,PRE,INTRA,POST,MULT,BILAT,ASST,CO-,TEAM,ENDO,CONV
HCPCS,MOD,DESCRIPTION,CODE,IND,DAYS,OP,OP,OP,PROC,SURG,SURG,SURG,SURG,BASE,FACTOR
A0001,,x,A,1,10,0,0,0,2,1,0,2,9,,33.4
A0001,26,x,A,1,XXX,0,0,0,2,3,0,0,0,,33.4
"""
OPPS = """,Addendum B.-- OPPS Payment by HCPCS Code for CY 2025,,,,
HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate
A0001,x,N,,,
A0002,x,J1,5114,80.1,
"""
ADD_ON = """AOC_Edit_Type,Add_On_Code,Primary_Code,AOC_Edit_EffDT,AOC_Edit_DelDT,Notes
1,A0002,A0001,20240101,99991231,
II,A0003,CCCCC,2024032,0000000,
"""
CARC = (
    "Code,Description,Start,Stop\n1,Made up words,1995-01-01,\nB99,Others,01/31/1995,2020-06-30\n"
)
RARC = "Remark Code\tDescription\tEffective Date\tDeactivation Date\nMA01\tMade up\t19970101\t\n"
FILES = {
    "PPRRVU2026_Jul_nonQPP.csv": (FEES, "hcpcs/fee_schedule/2026-July", "2026-07-01"),
    "October 2025 Web Addendum B.10.31.25.csv": (OPPS, "hcpcs/opps/2025-October", "2025-10-01"),
    "AOC_V2026Q1-MCR.csv": (ADD_ON, "hcpcs/add_on/2026-January", "2026-01-01"),
    "CARC 2026.csv": (CARC, "hcpcs/carc/2026", "2026-01-01"),
    "rarc_2026.txt": (RARC, "hcpcs/rarc/2026", "2026-01-01"),
}
