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
create view if not exists effective_submission as
with latest_decision as (
    select submission_id, max(decision_id) as decision_id from decision group by submission_id
),
decided as (
    select submission.*, decision.kind
    from submission
    left join latest_decision using (submission_id)
    left join decision using (decision_id)
),
judged as (
    select
        *,
        case
            when verdict = 'waiting' and kind = 'accept' and rows_rejected > 0 then 'partly'
            when verdict = 'waiting' and kind = 'accept' then 'accepted'
            when verdict = 'waiting' and kind = 'reject' then 'refused'
            when verdict in ('accepted', 'partly', 'waiting') and kind = 'withdraw' then 'withdrawn'
            else verdict
        end as effective_verdict
    from decided
),
-- A full submission is superseded by the next one of its dataset, unit and period that was taken in.
successor as (
    select submission_id, lead(submission_id) over (partition by dataset, unit, period order by sequence) as next_id
    from judged
    where effective_verdict in ('accepted', 'partly') and load = 'full'
)
select
    judged.*,
    successor.next_id as superseded_by,
    judged.effective_verdict in ('accepted', 'partly') and successor.next_id is null as is_current
from judged
left join successor using (submission_id);
