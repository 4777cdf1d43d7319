-- Derived from the rec_*.yml beside it by building/reconciliation.py; do not edit. A test fails when it is stale.
select
    'archive_unit_not_in_staffing' as pair_id,
    'Cơ quan lưu trữ không có trong danh sách cán bộ' as pair_name_vi,
    'Unit with an archive that has no official' as pair_name_en,
    'home_affairs/archives' as dataset_a,
    'home_affairs/staffing' as dataset_b,
    'the unit' as compared,
    'name of the unit' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Luật Lưu trữ 33/2024/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'document_unit_not_in_staffing' as pair_id,
    'Cơ quan phát hành văn bản không có trong danh sách cán bộ' as pair_name_vi,
    'Unit that issues documents and has no official' as pair_name_en,
    'direction/documents' as dataset_a,
    'home_affairs/staffing' as dataset_b,
    'the unit' as compared,
    'name of the unit' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Nghị định 30/2020/NĐ-CP; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'dossier_commune' as pair_id,
    'Xã/phường của hồ sơ khác tên cơ quan giải quyết' as pair_name_vi,
    'Commune of a dossier differs from the one that its agency''s name says' as pair_name_en,
    'public_service/dossiers' as dataset_a,
    'public_service/dossiers' as dataset_b,
    'commune of a dossier' as compared,
    'code of the dossier' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'public_service' as answering_department,
    'Trung tâm Phục vụ hành chính công' as answering_owner,
    'Nghị định 118/2025/NĐ-CP; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'dti_unit_not_in_staffing' as pair_id,
    'Đơn vị chấm DTI không có trong danh sách cán bộ' as pair_name_vi,
    'Unit with a DTI score that has no official' as pair_name_en,
    'direction/dti_scores' as dataset_a,
    'home_affairs/staffing' as dataset_b,
    'the unit' as compared,
    'name of the unit' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'land_owner_deceased' as pair_id,
    'Chủ sử dụng đất đã chết theo dữ liệu dân cư' as pair_name_vi,
    'Land owner deceased by the register of residents' as pair_name_en,
    'land/parcels' as dataset_a,
    'population/residents' as dataset_b,
    'whether the owner lives' as compared,
    'pseudonym of the owner''s citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'land' as answering_department,
    'Sở Nông nghiệp và Môi trường' as answering_owner,
    'Luật Đất đai 31/2024/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'land_owner_name' as pair_id,
    'Tên chủ sử dụng đất khác dữ liệu dân cư' as pair_name_vi,
    'Name of a land owner differs from the register of residents' as pair_name_en,
    'land/parcels' as dataset_a,
    'population/residents' as dataset_b,
    'name of a person, by its agreement key' as compared,
    'pseudonym of the owner''s citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'land' as answering_department,
    'Sở Nông nghiệp và Môi trường' as answering_owner,
    'Luật Đất đai 31/2024/QH15; Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'land_owner_not_in_population' as pair_id,
    'Chủ sử dụng đất không có trong dữ liệu dân cư' as pair_name_vi,
    'Land owner not in the population' as pair_name_en,
    'land/parcels' as dataset_a,
    'population/residents' as dataset_b,
    'the person' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'land' as answering_department,
    'Sở Nông nghiệp và Môi trường' as answering_owner,
    'Luật Đất đai 31/2024/QH15; Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'learner_birth_year' as pair_id,
    'Năm sinh của học viên khác dữ liệu dân cư' as pair_name_vi,
    'Birth year of a learner differs from the register of residents' as pair_name_en,
    'training/completions' as dataset_a,
    'population/residents' as dataset_b,
    'birth year of a person' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'training' as answering_department,
    'Sở Khoa học và Công nghệ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'learner_name' as pair_id,
    'Họ tên của học viên khác dữ liệu dân cư' as pair_name_vi,
    'Name of a learner differs from the register of residents' as pair_name_en,
    'training/completions' as dataset_a,
    'population/residents' as dataset_b,
    'name of a person, by its agreement key' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'training' as answering_department,
    'Sở Khoa học và Công nghệ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'learner_not_in_population' as pair_id,
    'Học viên không có trong dữ liệu dân cư' as pair_name_vi,
    'Learner not in the population' as pair_name_en,
    'training/completions' as dataset_a,
    'population/residents' as dataset_b,
    'the person' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'training' as answering_department,
    'Sở Khoa học và Công nghệ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'learner_sex' as pair_id,
    'Giới tính của học viên khác dữ liệu dân cư' as pair_name_vi,
    'Sex of a learner differs from the register of residents' as pair_name_en,
    'training/completions' as dataset_a,
    'population/residents' as dataset_b,
    'sex of a person' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'training' as answering_department,
    'Sở Khoa học và Công nghệ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'official_name' as pair_id,
    'Họ tên của cán bộ khác dữ liệu dân cư' as pair_name_vi,
    'Name of an official differs from the register of residents' as pair_name_en,
    'home_affairs/staffing' as dataset_a,
    'population/residents' as dataset_b,
    'name of a person, by its agreement key' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'official_not_in_population' as pair_id,
    'Cán bộ không có trong dữ liệu dân cư' as pair_name_vi,
    'Official not in the population' as pair_name_en,
    'home_affairs/staffing' as dataset_a,
    'population/residents' as dataset_b,
    'the person' as compared,
    'pseudonym of the citizen id' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'neither' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Luật Căn cước 26/2023/QH15; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'resident_reported_twice' as pair_id,
    'Một người được hai đơn vị báo cáo cùng kỳ' as pair_name_vi,
    'One resident reported by two units for one period' as pair_name_en,
    'population/residents' as dataset_a,
    'population/residents' as dataset_b,
    'unit that reports a resident' as compared,
    'pseudonym of the citizen id and period' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'a' as prevails,
    'population' as answering_department,
    'Công an tỉnh' as answering_owner,
    'Luật Cư trú 68/2020/QH14; Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'staffing_unit_commune' as pair_id,
    'Xã/phường của đơn vị khác tên đơn vị' as pair_name_vi,
    'Commune of a unit differs from the one that its name says' as pair_name_en,
    'home_affairs/staffing' as dataset_a,
    'home_affairs/staffing' as dataset_b,
    'commune of a unit' as compared,
    'name of the unit' as key_meaning,
    cast(0 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'home_affairs' as answering_department,
    'Sở Nội vụ' as answering_owner,
    'Nghị định 278/2025/NĐ-CP' as legal_basis
union all
select
    'village_households' as pair_id,
    'Số hộ theo thôn khác số hộ theo dân cư' as pair_name_vi,
    'Households of the villages differ from those of the residents' as pair_name_en,
    'connectivity/villages' as dataset_a,
    'population/residents' as dataset_b,
    'households of a commune' as compared,
    'commune and quarter' as key_meaning,
    cast(5 as decimal(6, 3)) as tolerance_percent,
    'b' as prevails,
    'connectivity' as answering_department,
    'Sở Khoa học và Công nghệ' as answering_owner,
    'Luật Cư trú 68/2020/QH14; Nghị định 278/2025/NĐ-CP' as legal_basis
