with measured as (
    select
        submission_id,
        data_rows,
        accepted_rows,
        duplicate_rows,
        cells,
        filled_cells,
        mended_cells,
        unclean_cells,
        inaccurate_rows,
        inconsistent_rows
    from {{ source('bronze', 'submission_quality') }}
),

known as (
    select
        measured.submission_id,
        submission.dataset,
        submission.department,
        submission.unit,
        submission.period,
        submission.is_current,
        measured.data_rows,
        measured.accepted_rows,
        measured.duplicate_rows,
        measured.cells,
        measured.filled_cells,
        measured.mended_cells,
        measured.unclean_cells,
        measured.inaccurate_rows,
        measured.inconsistent_rows
    from measured
    inner join {{ ref('fct_submission') }} as submission on measured.submission_id = submission.submission_id
)

select * from known
