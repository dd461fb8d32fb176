//! The time as `YYYYmmdd-HHMMSS`, UTC.

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> String {
    format(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()))
}

/// Civil date of days since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn format(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_of_date_utc() {
        // `date -u -d @N +%Y%m%d-%H%M%S`
        assert_eq!(super::format(0), "19700101-000000");
        assert_eq!(super::format(951_827_696), "20000229-123456");
        assert_eq!(super::format(1_795_487_999), "20261124-023959");
    }
}
