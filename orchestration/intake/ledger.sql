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
create index submission_by_origin on submission (replays, sequence) where replays is not null;
create index decision_by_submission on decision (submission_id, decision_id);

-- version 3: the day of arrival orders the files (see the view), and differences between departments are decided.
-- difference_id: pair and key of a difference (dbt_project/models/reconciliation), the same in every build.
create table difference_decision (
    decision_id   integer primary key autoincrement,
    difference_id text not null,
    kind          text not null check (kind in ('explained', 'corrected', 'accepted', 'reopened')),
    why           text not null,
    who           text not null,
    decided_at    text not null
);
create index difference_decision_by_difference on difference_decision (difference_id, decision_id);

-- version 4: who looked into the vault, and what was done for the law on personal data. Both only grow.
-- subject: of a request about a person, a keyed hash of the citizen id; the id itself stands nowhere in the ledger.
create table vault_access (
    access_id     integer primary key autoincrement,
    at            text not null,
    who           text not null,
    purpose       text not null,
    dataset       text not null,
    submission_id text not null,
    source_sheet  text not null,
    source_row    integer not null
);
create table privacy_record (
    record_id integer primary key autoincrement,
    at        text not null,
    who       text not null,
    kind      text not null
              check (kind in ('find', 'export', 'correct', 'erase', 'retain', 'rotate_pseudonym', 'rotate_vault')),
    subject   text,
    purpose   text not null,
    details   text not null
);
create trigger vault_access_is_not_changed before update on vault_access
begin select raise (abort, 'the access log only grows'); end;
create trigger vault_access_is_not_deleted before delete on vault_access
begin select raise (abort, 'the access log only grows'); end;
create trigger privacy_record_is_not_changed before update on privacy_record
begin select raise (abort, 'records only grow'); end;
create trigger privacy_record_is_not_deleted before delete on privacy_record
begin select raise (abort, 'records only grow'); end;

-- version 5: the state of a home is counted without reading a submission.
create index submission_by_verdict on submission (dataset, verdict);

-- view: made anew whenever the version changes
-- It is looked up for every file that arrives, so it must answer for one submission without a walk through all: what
-- follows a submission is found through the indexes ("not materialized", and no window).
drop view if exists effective_submission;
create view effective_submission as
with judged as not materialized (
    select
        submission.*,
        decision.kind,
        coalesce(submission.replays, submission.submission_id) as origin,
        -- A file that is judged again stands where it stood when it arrived: what came after it still wins. The day of
        -- arrival decides, not the order of recording: a history may be taken in later, and in any order.
        case
            when original.sequence is null then submission.received_at || printf('#%09d', submission.sequence)
            else original.received_at || printf('#%09d', original.sequence)
        end as position,
        case
            when submission.verdict = 'waiting' and kind = 'accept' and submission.rows_rejected > 0 then 'partly'
            when submission.verdict = 'waiting' and kind = 'accept' then 'accepted'
            when submission.verdict = 'waiting' and kind = 'reject' then 'refused'
            when submission.verdict in ('accepted', 'partly', 'waiting') and kind = 'withdraw' then 'withdrawn'
            else submission.verdict
        end as effective_verdict
    from submission
    left join submission as original on original.submission_id = submission.replays
    left join decision
        on decision.decision_id = (
            select max(latest.decision_id) from decision as latest
            where latest.submission_id = submission.submission_id
        )
),
-- Of one file that was judged several times, the newest judgement that was taken in counts. One that waits is done with
-- when its file was judged again and taken in, or waits again.
rejudged as not materialized (
    select
        judged.*,
        case
            when effective_verdict in ('accepted', 'partly', 'waiting') then (
                select later.submission_id from judged as later
                where
                    later.replays = judged.origin and later.sequence > judged.sequence
                    and (
                        later.effective_verdict in ('accepted', 'partly')
                        or (judged.effective_verdict = 'waiting' and later.effective_verdict = 'waiting')
                    )
                order by later.sequence
                limit 1
            )
        end as next_judgement
    from judged
),
-- A full submission is superseded by the next file of its dataset, unit and period that was taken in.
followed as (
    select
        rejudged.*,
        coalesce(
            next_judgement,
            case
                when effective_verdict in ('accepted', 'partly') and load = 'full' then (
                    select later.submission_id from rejudged as later
                    where
                        later.dataset = rejudged.dataset and later.unit = rejudged.unit
                        and later.period = rejudged.period and later.position > rejudged.position
                        and later.load = 'full' and later.effective_verdict in ('accepted', 'partly')
                        and later.next_judgement is null
                    order by later.position
                    limit 1
                )
            end
        ) as superseded_by
    from rejudged
)
select *, effective_verdict in ('accepted', 'partly') and superseded_by is null as is_current
from followed;
