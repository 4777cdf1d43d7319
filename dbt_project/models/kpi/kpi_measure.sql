-- Derived from the kpi_*.yml beside it by orchestration/building/kpis.py; do not edit. A test fails when it is stale.
select
    'archive_digitised' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_archive_digitised') }}
union all
select
    'archive_with_metadata' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_archive_with_metadata') }}
union all
select
    'cadres_trained' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_cadres_trained') }}
union all
select
    'digital_specialist_rate' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_digital_specialist_rate') }}
union all
select
    'digital_spending_disbursed' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_digital_spending_disbursed') }}
union all
select
    'digital_teams_trained' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_digital_teams_trained') }}
union all
select
    'documents_electronic' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_documents_electronic') }}
union all
select
    'documents_exchanged' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_documents_exchanged') }}
union all
select
    'documents_signed' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_documents_signed') }}
union all
select
    'dti_score' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_dti_score') }}
union all
select
    'infra_ready_rate' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_infra_ready_rate') }}
union all
select
    'it_staff_coverage' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_it_staff_coverage') }}
union all
select
    'it_staff_gap' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_it_staff_gap') }}
union all
select
    'land_linked_rate' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_land_linked_rate') }}
union all
select
    'late_open_dossiers' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_late_open_dossiers') }}
union all
select
    'on_time_rate' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_on_time_rate') }}
union all
select
    'online_dossier_rate' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_online_dossier_rate') }}
union all
select
    'overdue_tasks' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_overdue_tasks') }}
union all
select
    'task_completion' as kpi_id,
    commune_key,
    cast(null as string) as commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_task_completion') }}
union all
select
    'training_coverage' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_training_coverage') }}
union all
select
    'villages_without_mobile' as kpi_id,
    commune_key,
    commune_of_time_key,
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{ ref('kpi_villages_without_mobile') }}
