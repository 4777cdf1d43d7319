with motto as (
    select
        'accurate' as dimension,
        1 as dimension_no,
        'Đúng' as title_vi,
        'Số dòng không có lỗi về tính đúng / số dòng dữ liệu' as formula_vi,
        'Rows without an error of a rule about accuracy / rows of data' as formula_en
    union all
    select
        'complete' as dimension,
        2 as dimension_no,
        'Đủ' as title_vi,
        'Số ô có giá trị / số ô của các cột được khai báo' as formula_vi,
        'Filled cells / cells of the declared columns' as formula_en
    union all
    select
        'clean' as dimension,
        3 as dimension_no,
        'Sạch' as title_vi,
        'Số ô có giá trị không phải chuẩn hóa và không vi phạm cách viết / số ô có giá trị' as formula_vi,
        'Filled cells that needed no mending and break no rule about writing / filled cells' as formula_en
    union all
    select
        'live' as dimension,
        4 as dimension_no,
        'Sống' as title_vi,
        '1 nếu tệp đầu tiên được nhận đến đúng hạn, 0 nếu muộn hoặc chưa có / 1 tệp phải nộp' as formula_vi,
        '1 if the first file that was taken in came in time, 0 if late or missing / 1 file owed' as formula_en
    union all
    select
        'unified' as dimension,
        5 as dimension_no,
        'Thống nhất' as title_vi,
        'Số dòng không mâu thuẫn, không trái danh mục dùng chung / số dòng dữ liệu, kể cả dòng lặp lại' as formula_vi,
        'Rows that contradict no other row and no shared list / rows of data, repeated rows included' as formula_en
    union all
    select
        'shared' as dimension,
        6 as dimension_no,
        'Dùng chung' as title_vi,
        'Số dòng được đưa vào kho / số dòng dữ liệu' as formula_vi,
        'Rows that went into the warehouse / rows of data' as formula_en
)

select * from motto
