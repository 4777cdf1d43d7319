-- The ledger's tables, version by version, and the view that derives from them what counts now (see ledger.py).
-- A ledger of an older version gets the later sections; a section that was released is never edited again.

-- version 1
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

-- version 2: an archived file can be judged again (replay, waiver), and late files are marked.
-- replays: the submission that the file came with; null for a file from an incoming folder.
alter table submission add column replays text references submission (submission_id);
-- days_late: days after the day on which the file was due, 0 in time; null where the period is unknown, and in rows
-- that version 1 wrote.
alter table submission add column days_late integer check (days_late >= 0);
create index submission_by_origin on submission (replays) where replays is not null;

-- view: made anew whenever the version changes
drop view if exists effective_submission;
create view effective_submission as
with latest_decision as (
    select submission_id, max(decision_id) as decision_id from decision group by submission_id
),
decided as (
    select
        submission.*,
        decision.kind,
        coalesce(submission.replays, submission.submission_id) as origin,
        -- A file that is judged again stands where it stood when it arrived: what came after it still wins.
        coalesce(original.sequence, submission.sequence) as position
    from submission
    left join submission as original on original.submission_id = submission.replays
    left join latest_decision on latest_decision.submission_id = submission.submission_id
    left join decision on decision.decision_id = latest_decision.decision_id
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
-- Of one file that was judged several times, the newest judgement that was taken in counts.
taken_in as (
    select
        submission_id, dataset, unit, period, load, position,
        lead(submission_id) over (partition by origin order by sequence) as next_id
    from judged
    where effective_verdict in ('accepted', 'partly')
),
-- A full submission is superseded by the next file of its dataset, unit and period that was taken in.
successor as (
    select submission_id, lead(submission_id) over (partition by dataset, unit, period order by position) as next_id
    from taken_in
    where load = 'full' and next_id is null
),
-- A judgement that waits is done with when its file was judged again and taken in, or waits again.
outdated as (
    select submission_id, next_id
    from (
        select
            submission_id, effective_verdict,
            lead(submission_id) over (partition by origin order by sequence) as next_id
        from judged
        where effective_verdict in ('accepted', 'partly', 'waiting')
    )
    where effective_verdict = 'waiting'
)
select
    judged.*,
    coalesce(taken_in.next_id, successor.next_id, outdated.next_id) as superseded_by,
    judged.effective_verdict in ('accepted', 'partly')
    and coalesce(taken_in.next_id, successor.next_id) is null as is_current
from judged
left join taken_in on taken_in.submission_id = judged.submission_id
left join successor on successor.submission_id = judged.submission_id
left join outdated on outdated.submission_id = judged.submission_id;
