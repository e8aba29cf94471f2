"""The auditors' SQL views, one for each subject. A row is one event; times are UTC.

`read_only_database` makes them in each connection, over the tables of bot.querylog.schema.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from codesets.model import SYSTEM_NAMES


def _of(alias: str, *names: str) -> str:
    return ", ".join(f"json_extract({alias}.body, '$.{name}') as \"{name}\"" for name in names)


#: The codes of an answer whose text is `c`; none when the text is no JSON, since it was altered.
_CODES = "json_each(iif(json_valid(c.text), c.text, '[]'))"
#: bot.querylog.Record.delivery in SQL, for question `q` with answer `a`.
_DELIVERY = """coalesce((
        select json_extract(d.body, '$.outcome') from main.records d
        where d.subject = q.subject and d.kind = 'delivery'
            and json_extract(d.body, '$.kind') = 'answer'
        order by d.seq desc limit 1
    ), iif(a.seq is null, 'unanswered', 'undelivered'))"""

#: An edition with its system, of a key ("icd10cm/FY2027") and a label of `$.releases`.
_EDITION = (
    "case substr(key, 1, instr(key, '/') - 1) "
    + " ".join(f"when '{system}' then '{name}'" for system, name in SYSTEM_NAMES.items())
    + " else substr(key, 1, instr(key, '/') - 1) end || ' ' || value"
)


def _list_of(kind: str) -> str:
    """The codes of a list of the answer whose text is `w`; none when the text is no JSON."""
    return f"json_each(iif(json_valid(w.text), w.text, '{{}}'), '$.{kind}')"


def _title(of: str) -> str:
    """The title that the answer has for the `code` of a JSON object."""
    found = (
        f"(select json_extract(value, '$.title') from {_list_of(kind)} "
        f"where json_extract(value, '$.code') = json_extract({of}, '$.code') limit 1)"
        for kind in ("report", "candidates", "verdicts")
    )
    return f"coalesce({', '.join(found)})"


VIEWS = {
    "questions_and_answers": f"""
select q.seq as number, q.at as asked_at, substr(q.at, 1, 10) as day,
    json_extract(q.body, '$.user') as person, {_of("q", "channel", "surface")},
    coalesce(json_extract(q.body, '$.workspace'), json_extract(q.body, '$.team')) as team,
    coalesce(t.text, '(redacted)') as question,
    {_of("a", "outcome", "confidence")},
    iif(json_valid(w.text), json_extract(w.text, '$.headline.text'), null) as headline,
    coalesce((select group_concat(json_extract(value, '$.code') || ' '
                                  || json_extract(value, '$.title'), '; ')
              from {_list_of("report")}),
             (select group_concat(json_extract(value, '$.code'), ' ') from {_CODES}
              where json_extract(value, '$.line') is not null)) as report,
    (select group_concat(json_extract(value, '$.code'), ' ') from {_CODES}) as codes,
    (select group_concat({_EDITION}, ', ')
     from json_each(coalesce(a.body, q.body), '$.releases')) as editions,
    {_DELIVERY} as delivery,
    {_of("a", "latency_ms")},
    (select group_concat(verdict, ', ') from (
        select json_extract(f.body, '$.verdict') as verdict from main.records f
        where f.subject = q.subject and f.kind = 'feedback' order by f.seq)) as feedback,
    (select group_concat(value, ', ') from json_each(q.body, '$.removed')) as removed,
    iif(exists(select 1 from main.records r
               where r.subject = q.subject and r.kind = 'redaction'), 'yes', 'no') as redacted,
    q.subject as question_id
from main.records q
left join main.texts t on t.record = q.seq and t.name = 'text'
left join main.records a on a.subject = q.subject and a.kind = 'answer'
left join main.texts c on c.record = a.seq and c.name = 'codes'
left join main.texts w on w.record = a.seq and w.name = 'answer'
where q.kind = 'question'""",
    "codes_given": f"""
select a.seq as number, a.at as answered_at, substr(a.at, 1, 10) as day,
    json_extract(code.value, '$.code') as code, {_title("code.value")} as title,
    json_extract(code.value, '$.system') as system,
    case when json_extract(code.value, '$.status') is not null then 'asked about'
        when json_extract(code.value, '$.line') is not null then 'reported'
        else 'found' end as given_as,
    json_extract(code.value, '$.role') as role,
    coalesce(json_extract(code.value, '$.confidence'), json_extract(code.value, '$.status'))
        as said_of_it,
    (select count(*) from {_CODES} before where before.key < code.key) + 1 as place,
    coalesce(t.text, '(redacted)') as question,
    json_extract(q.body, '$.user') as person, {_of("q", "channel")},
    a.subject as question_id
from main.records a
join main.texts c on c.record = a.seq and c.name = 'codes'
join {_CODES} code
left join main.texts w on w.record = a.seq and w.name = 'answer'
left join main.records q on q.subject = a.subject and q.kind = 'question'
left join main.texts t on t.record = q.seq and t.name = 'text'
where a.kind = 'answer'""",
    "feedback_given": f"""
select f.seq as number, f.at, substr(f.at, 1, 10) as day, {_of("f", "verdict")},
    json_extract(f.body, '$.code') as code_used, {_title("f.body")} as title,
    json_extract(f.body, '$.by') as person,
    n.text as note, coalesce(t.text, '(redacted)') as question,
    (select group_concat(json_extract(value, '$.code'), ' ') from {_CODES}) as codes,
    f.subject as question_id
from main.records f
left join main.texts n on n.record = f.seq and n.name = 'note'
left join main.records q on q.subject = f.subject and q.kind = 'question'
left join main.texts t on t.record = q.seq and t.name = 'text'
left join main.records a on a.subject = f.subject and a.kind = 'answer'
left join main.texts c on c.record = a.seq and c.name = 'codes'
left join main.texts w on w.record = a.seq and w.name = 'answer'
where f.kind = 'feedback'""",
    "whole_records": """
select r.seq as number, r.at, substr(r.at, 1, 10) as day, r.kind,
    json_remove(r.body, '$.texts') as what,
    (select json_group_object(t.name, t.text) from main.texts t
     where t.record = r.seq having count(*)) as typed,
    r.subject as question_id
from main.records r""",
    "who_looked": f"""
select r.seq as number, r.at, substr(r.at, 1, 10) as day, {_of("r", "what", "by")},
    t.text as detail, r.subject as question_id
from main.records r left join main.texts t on t.record = r.seq and t.name = 'detail'
where r.kind = 'access'""",
    "destroyed_or_held": f"""
select r.seq as number, r.at, substr(r.at, 1, 10) as day, r.kind, {_of("r", "by", "reason")},
    case r.kind
        when 'redaction' then json_array_length(r.body, '$.destroyed') || ' texts destroyed'
        when 'retention' then 'records ' || json_extract(r.body, '$.first') || ' to '
            || json_extract(r.body, '$.last') || ' removed'
        when 'release' then 'ends hold ' || json_extract(r.body, '$.hold')
        when 'hold' then iif(exists(
            select 1 from main.records e
            where e.kind = 'release' and json_extract(e.body, '$.hold') = r.seq
        ), 'released', 'in force')
    end as effect,
    r.subject as question_id
from main.records r where r.kind in ('redaction', 'retention', 'hold', 'release')""",
    "how_it_ran": """
select r.seq as number, r.at, substr(r.at, 1, 10) as day, r.kind, r.body as what
from main.records r where r.kind in ('config', 'start', 'stop', 'key', 'unlogged')""",
}

#: What is of some workspaces: records of the questions asked there, and looks into the log there.
_OF = """question_id in (
    select subject from main.records where kind = 'question' and (
        coalesce(json_extract(body, '$.workspace'), json_extract(body, '$.team')) in ({ids})
        or json_extract(body, '$.enterprise') in ({ids})
    )
) or number in (
    select seq from main.records where kind = 'access' and json_extract(body, '$.team') in ({ids})
)"""


def limited(teams: Sequence[str]) -> dict[str, str]:
    """The views with what is of some workspaces or organisations only. Raises ValueError for what
    is no id: the ids become a part of the statements."""
    for team in teams:
        if not re.fullmatch("[TE][A-Z0-9]+", team):
            raise ValueError(f"{team!r} is no id of a workspace")
    of = _OF.format(ids=", ".join(f"'{team}'" for team in teams) or "null")
    # Columns of an outer select have no aliases of the view, and "how_it_ran" has no question.
    return {
        name: f"select * from ({view}) where " + (of if name != "how_it_ran" else "false")
        for name, view in VIEWS.items()
    }


#: The facets of each view, as it is first shown.
FACETS = {
    "questions_and_answers": [
        "outcome", "confidence", "delivery", "feedback", "person", "channel", "day",
    ],
    "codes_given": ["code", "system", "said_of_it", "person"],
    "feedback_given": ["verdict", "person", "day"],
    "who_looked": ["what", "by", "day"],
    "destroyed_or_held": ["kind", "by"],
    "how_it_ran": ["kind", "day"],
    "whole_records": ["kind", "day"],
    "records": ["kind"],
}  # fmt: skip
