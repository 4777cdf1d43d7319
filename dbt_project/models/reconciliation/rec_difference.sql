-- Derived from the rec_*.yml beside it by building/reconciliation.py; do not edit. A test fails when it is stale.
select
    'archive_unit_not_in_staffing' as pair_id,
    'archive_unit_not_in_staffing/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_archive_unit_not_in_staffing') }}
union all
select
    'document_unit_not_in_staffing' as pair_id,
    'document_unit_not_in_staffing/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_document_unit_not_in_staffing') }}
union all
select
    'dossier_commune' as pair_id,
    'dossier_commune/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_dossier_commune') }}
union all
select
    'dti_unit_not_in_staffing' as pair_id,
    'dti_unit_not_in_staffing/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_dti_unit_not_in_staffing') }}
union all
select
    'land_owner_deceased' as pair_id,
    'land_owner_deceased/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_land_owner_deceased') }}
union all
select
    'land_owner_name' as pair_id,
    'land_owner_name/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_land_owner_name') }}
union all
select
    'land_owner_not_in_population' as pair_id,
    'land_owner_not_in_population/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_land_owner_not_in_population') }}
union all
select
    'learner_birth_year' as pair_id,
    'learner_birth_year/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_learner_birth_year') }}
union all
select
    'learner_name' as pair_id,
    'learner_name/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_learner_name') }}
union all
select
    'learner_not_in_population' as pair_id,
    'learner_not_in_population/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_learner_not_in_population') }}
union all
select
    'learner_sex' as pair_id,
    'learner_sex/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_learner_sex') }}
union all
select
    'official_name' as pair_id,
    'official_name/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_official_name') }}
union all
select
    'official_not_in_population' as pair_id,
    'official_not_in_population/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_official_not_in_population') }}
union all
select
    'resident_reported_twice' as pair_id,
    'resident_reported_twice/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_resident_reported_twice') }}
union all
select
    'staffing_unit_commune' as pair_id,
    'staffing_unit_commune/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_staffing_unit_commune') }}
union all
select
    'village_households' as pair_id,
    'village_households/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{ ref('rec_village_households') }}
where {{ beyond_tolerance('value_a', 'value_b', 5) }}
