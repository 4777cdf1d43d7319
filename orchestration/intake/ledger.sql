-- The ledger's tables, and the view that derives from them what counts now (see ledger.py).
create table if not exists submission (
    sequence         integer primary key autoincrement,
    submission_id    text not null unique,
    department       text not null,
    dataset          text not null,          -- department/name
    unit             text not null,          -- reporting unit: department, or a commune's code; '' if unknown
    period           text not null,          -- 2026-10, 2026Q4, 2026; '' if unknown
    period_start     text,
    period_end       text,
    load             text not null,          -- full, upsert
    file_name        text not null,
    file_sha256      text not null,
    file_bytes       integer not null,
    file_identity    text not null,          -- device:inode:mtime_ns:size of the incoming file
    received_at      text not null,          -- UTC, ISO 8601
    verdict          text not null check (verdict in ('accepted', 'partly', 'refused', 'waiting', 'duplicate')),
    rows_read        integer not null,
    rows_accepted    integer not null,
    rows_rejected    integer not null,
    rows_ignored     integer not null,
    details          text not null,          -- JSON: counts, reasons, notices; never a cell's value
    receipt_written  integer not null default 0,
    incoming_removed integer not null default 0,
    check (rows_read = rows_accepted + rows_rejected + rows_ignored)
);
create index if not exists submission_by_slot on submission (dataset, unit, period, sequence);
create index if not exists submission_by_file on submission (dataset, file_sha256);
create index if not exists submission_unfinished on submission (dataset)
    where receipt_written = 0 or incoming_removed = 0;
create table if not exists decision (
    decision_id   integer primary key autoincrement,
    submission_id text not null references submission (submission_id),
    kind          text not null check (kind in ('accept', 'reject', 'withdraw')),
    why           text not null,
    who           text not null,
    decided_at    text not null
);
create index if not exists decision_by_submission on decision (submission_id, decision_id);
-- What counts now. Looked up for every file that arrives, so it must answer for one submission without a walk through
-- all: the latest decision and the successor are found through the indexes ("not materialized", and no window).
drop view if exists effective_submission;
create view effective_submission as
with judged as not materialized (
    select
        submission.*,
        decision.kind,
        case
            when verdict = 'waiting' and kind = 'accept' and rows_rejected > 0 then 'partly'
            when verdict = 'waiting' and kind = 'accept' then 'accepted'
            when verdict = 'waiting' and kind = 'reject' then 'refused'
            when verdict in ('accepted', 'partly', 'waiting') and kind = 'withdraw' then 'withdrawn'
            else verdict
        end as effective_verdict
    from submission
    left join decision
        on decision.decision_id = (
            select max(latest.decision_id) from decision as latest
            where latest.submission_id = submission.submission_id
        )
),
-- A full submission is superseded by the next one of its dataset, unit and period that was taken in.
followed as (
    select
        judged.*,
        case
            when effective_verdict in ('accepted', 'partly') and load = 'full' then (
                select later.submission_id from judged as later
                where
                    later.dataset = judged.dataset and later.unit = judged.unit and later.period = judged.period
                    and later.sequence > judged.sequence
                    and later.load = 'full' and later.effective_verdict in ('accepted', 'partly')
                order by later.sequence
                limit 1
            )
        end as superseded_by
    from judged
)
select *, effective_verdict in ('accepted', 'partly') and superseded_by is null as is_current
from followed;
