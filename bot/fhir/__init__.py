"""A FHIR R4 terminology server over the desk: https://hl7.org/fhir/R4/terminology-service.html.

`systems` has the URIs, `inputs` reads what a request gives, `outcome` has the faults; `lookup`,
`validate`, `expand`, `translate` and `capability` draw what `bot/desk/terminology.py` decided;
`operations` puts a request's way together, `recording` its records in the log, `routes` meets HTTP.
"""
