-- Derived from the kpi_*.yml beside it by orchestration/kpis.py; do not edit. A test fails when it is stale.
select
    'archive_digitised' as kpi_id,
    'Tỷ lệ tài liệu lưu trữ đã số hóa' as kpi_name_vi,
    'Archive pages digitised' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Nội vụ' as owner,
    'Luật Lưu trữ 33/2024/QH15' as legal_basis,
    'pages digitised' as numerator_meaning,
    'pages of the fonds' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'archive_with_metadata' as kpi_id,
    'Tỷ lệ hồ sơ số hóa đủ siêu dữ liệu' as kpi_name_vi,
    'Digitised files with full metadata' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Nội vụ' as owner,
    'Luật Lưu trữ 33/2024/QH15' as legal_basis,
    'files with full metadata' as numerator_meaning,
    'files digitised' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'digital_specialist_rate' as kpi_id,
    'Tỷ lệ nhân lực chuyên trách chuyển đổi số' as kpi_name_vi,
    'Digital specialists among officials' as kpi_name_en,
    'percent' as unit,
    2 as decimals,
    'up' as direction,
    'Sở Nội vụ' as owner,
    'Định mức 10% của Bộ Khoa học và Công nghệ' as legal_basis,
    'digital specialists in post' as numerator_meaning,
    'officials in post' as denominator_meaning,
    cast(10 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'digital_spending_disbursed' as kpi_id,
    'Tỷ lệ giải ngân kinh phí chuyển đổi số' as kpi_name_vi,
    'Digital spending disbursed' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Tài chính' as owner,
    'Luật Ngân sách nhà nước 89/2025/QH15' as legal_basis,
    'amount disbursed in dong' as numerator_meaning,
    'amount planned in dong' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'documents_electronic' as kpi_id,
    'Tỷ lệ văn bản điện tử' as kpi_name_vi,
    'Documents sent electronically' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Văn phòng UBND tỉnh' as owner,
    'Nghị định 30/2020/NĐ-CP' as legal_basis,
    'documents sent electronically' as numerator_meaning,
    'documents issued' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    true as adds_up_over_time,
    'population' as spread_by
union all
select
    'documents_exchanged' as kpi_id,
    'Lượt trao đổi văn bản giữa các cấp' as kpi_name_vi,
    'Exchanges of documents between levels' as kpi_name_en,
    'count' as unit,
    0 as decimals,
    'up' as direction,
    'Văn phòng UBND tỉnh' as owner,
    'Nghị định 30/2020/NĐ-CP' as legal_basis,
    'exchanges between levels of government' as numerator_meaning,
    'none: a count' as denominator_meaning,
    cast(null as decimal(24, 4)) as target,
    true as adds_up_over_time,
    'population' as spread_by
union all
select
    'documents_signed' as kpi_id,
    'Tỷ lệ văn bản ký số' as kpi_name_vi,
    'Documents digitally signed' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Văn phòng UBND tỉnh' as owner,
    'Nghị định 30/2020/NĐ-CP' as legal_basis,
    'documents digitally signed' as numerator_meaning,
    'documents issued' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    true as adds_up_over_time,
    'population' as spread_by
union all
select
    'dti_score' as kpi_id,
    'Điểm chỉ số chuyển đổi số (DTI)' as kpi_name_vi,
    'Score of the digital transformation index' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Khoa học và Công nghệ' as owner,
    'Quyết định 922/QĐ-BTTTT; Quyết định 405/QĐ-BKHCN' as legal_basis,
    'points scored in the main indicator' as numerator_meaning,
    'points that can be scored' as denominator_meaning,
    cast(null as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'infra_ready_rate' as kpi_id,
    'Xã, phường đủ mạng và thiết bị để số hóa' as kpi_name_vi,
    'Communes with network and equipment for digitisation' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Khoa học và Công nghệ' as owner,
    'Kế hoạch chuyển đổi số của tỉnh' as legal_basis,
    'communes with network and equipment' as numerator_meaning,
    'communes in the scope that the breakdown names' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'it_staff_coverage' as kpi_id,
    'Xã, phường có ít nhất một cán bộ CNTT' as kpi_name_vi,
    'Communes with at least one official trained in IT' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Nội vụ' as owner,
    'Kế hoạch chuyển đổi số của tỉnh' as legal_basis,
    'communes with at least one official trained in IT' as numerator_meaning,
    'communes of the province' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'it_staff_gap' as kpi_id,
    'Xã, phường chưa có cán bộ được đào tạo CNTT' as kpi_name_vi,
    'Communes without an official trained in IT' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'down' as direction,
    'Sở Nội vụ' as owner,
    'Kết luận 46-KL/BCĐ' as legal_basis,
    'communes without an official trained in IT' as numerator_meaning,
    'communes of the province' as denominator_meaning,
    cast(0 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'land_linked_rate' as kpi_id,
    'Tỷ lệ chủ sử dụng đất đã định danh' as kpi_name_vi,
    'Land owners known by citizen id or tax code' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Nông nghiệp và Môi trường' as owner,
    'Luật Đất đai 31/2024/QH15' as legal_basis,
    'parcels with an owner known by citizen id or tax code' as numerator_meaning,
    'parcels with an owner known in any way' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'area' as spread_by
union all
select
    'late_open_dossiers' as kpi_id,
    'Hồ sơ đang xử lý đã quá hạn' as kpi_name_vi,
    'Open dossiers past their due date' as kpi_name_en,
    'count' as unit,
    0 as decimals,
    'down' as direction,
    'Trung tâm Phục vụ hành chính công' as owner,
    'Nghị định 118/2025/NĐ-CP' as legal_basis,
    'dossiers received in the month, still open and past due in the newest file' as numerator_meaning,
    'none: a count' as denominator_meaning,
    cast(0 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'on_time_rate' as kpi_id,
    'Tỷ lệ hồ sơ giải quyết đúng hạn' as kpi_name_vi,
    'Dossiers finished on or before the due date' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Trung tâm Phục vụ hành chính công' as owner,
    'Nghị định 118/2025/NĐ-CP' as legal_basis,
    'dossiers finished in the month on or before the due date' as numerator_meaning,
    'dossiers finished in the month that have a due date' as denominator_meaning,
    cast(null as decimal(24, 4)) as target,
    true as adds_up_over_time,
    'population' as spread_by
union all
select
    'online_dossier_rate' as kpi_id,
    'Tỷ lệ hồ sơ tiếp nhận trực tuyến' as kpi_name_vi,
    'Dossiers received online' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Trung tâm Phục vụ hành chính công' as owner,
    'Nghị định 118/2025/NĐ-CP' as legal_basis,
    'dossiers received online in the month' as numerator_meaning,
    'dossiers received in the month' as denominator_meaning,
    cast(null as decimal(24, 4)) as target,
    true as adds_up_over_time,
    'population' as spread_by
union all
select
    'overdue_tasks' as kpi_id,
    'Nhiệm vụ quá hạn' as kpi_name_vi,
    'Tasks overdue' as kpi_name_en,
    'count' as unit,
    0 as decimals,
    'down' as direction,
    'Văn phòng UBND tỉnh' as owner,
    'Nghị quyết 57-NQ/TW' as legal_basis,
    'tasks not done although due before the end of the quarter' as numerator_meaning,
    'tasks of the group' as denominator_meaning,
    cast(0 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'task_completion' as kpi_id,
    'Tỷ lệ nhiệm vụ hoàn thành' as kpi_name_vi,
    'Tasks done, wholly or in substance' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Văn phòng UBND tỉnh' as owner,
    'Nghị quyết 57-NQ/TW' as legal_basis,
    'tasks done, wholly or in substance' as numerator_meaning,
    'tasks of the group' as denominator_meaning,
    cast(100 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'training_coverage' as kpi_id,
    'Tỷ lệ người dân hoàn thành khóa học kỹ năng số' as kpi_name_vi,
    'Residents who completed a digital-skills course' as kpi_name_en,
    'percent' as unit,
    1 as decimals,
    'up' as direction,
    'Sở Khoa học và Công nghệ' as owner,
    'Quyết định 757/QĐ-BKHCN' as legal_basis,
    'distinct residents of the target age who completed a course' as numerator_meaning,
    'residents of the target age' as denominator_meaning,
    cast(null as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
union all
select
    'villages_without_mobile' as kpi_id,
    'Thôn đặc biệt khó khăn chưa có sóng di động' as kpi_name_vi,
    'Very difficult villages without mobile coverage' as kpi_name_en,
    'count' as unit,
    0 as decimals,
    'down' as direction,
    'Sở Khoa học và Công nghệ' as owner,
    'Kế hoạch phủ sóng di động' as legal_basis,
    'very difficult villages without coverage' as numerator_meaning,
    'very difficult villages' as denominator_meaning,
    cast(0 as decimal(24, 4)) as target,
    false as adds_up_over_time,
    'population' as spread_by
