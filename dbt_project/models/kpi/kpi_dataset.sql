-- Derived from the kpi_*.yml beside it by orchestration/building/kpis.py; do not edit. A test fails when it is stale.
select
    'archive_digitised' as kpi_id,
    'home_affairs/archives' as dataset
union all
select
    'archive_with_metadata' as kpi_id,
    'home_affairs/archives' as dataset
union all
select
    'cadres_trained' as kpi_id,
    'home_affairs/staffing' as dataset
union all
select
    'cadres_trained' as kpi_id,
    'training/completions' as dataset
union all
select
    'digital_specialist_rate' as kpi_id,
    'home_affairs/staffing' as dataset
union all
select
    'digital_spending_disbursed' as kpi_id,
    'finance/digital_spending' as dataset
union all
select
    'digital_teams_trained' as kpi_id,
    'land/parcels' as dataset
union all
select
    'digital_teams_trained' as kpi_id,
    'population/residents' as dataset
union all
select
    'digital_teams_trained' as kpi_id,
    'training/completions' as dataset
union all
select
    'documents_electronic' as kpi_id,
    'direction/documents' as dataset
union all
select
    'documents_exchanged' as kpi_id,
    'direction/documents' as dataset
union all
select
    'documents_signed' as kpi_id,
    'direction/documents' as dataset
union all
select
    'dti_score' as kpi_id,
    'direction/dti_scores' as dataset
union all
select
    'infra_ready_rate' as kpi_id,
    'connectivity/communes' as dataset
union all
select
    'it_staff_coverage' as kpi_id,
    'home_affairs/staffing' as dataset
union all
select
    'it_staff_gap' as kpi_id,
    'home_affairs/staffing' as dataset
union all
select
    'land_linked_rate' as kpi_id,
    'land/parcels' as dataset
union all
select
    'late_open_dossiers' as kpi_id,
    'public_service/dossiers' as dataset
union all
select
    'on_time_rate' as kpi_id,
    'public_service/dossiers' as dataset
union all
select
    'online_dossier_rate' as kpi_id,
    'public_service/dossiers' as dataset
union all
select
    'overdue_tasks' as kpi_id,
    'direction/tasks' as dataset
union all
select
    'task_completion' as kpi_id,
    'direction/tasks' as dataset
union all
select
    'training_coverage' as kpi_id,
    'population/residents' as dataset
union all
select
    'training_coverage' as kpi_id,
    'training/completions' as dataset
union all
select
    'villages_without_mobile' as kpi_id,
    'connectivity/villages' as dataset
