//! Features that serving has computed: whoever needs them again takes them from here.

use hivis_types::{Precision, ReleaseId};
use sqlx::{QueryBuilder, Row as _};

use crate::ledger::columns::RowExt as _;
use crate::ledger::insert;
use crate::{Ledger, ObjectId, StoreError};

/// Pictures asked for in one query: SQLite takes 32,766 parameters.
const ASKED: usize = 500;

impl Ledger {
    /// The features that one of `releases` computed in `precision` for each of these pictures, from the newest record of
    /// it; pictures without are left out. They stay when the picture itself is gone.
    pub async fn served_features(
        &self,
        pictures: &[ObjectId],
        releases: &[ReleaseId],
        precision: Precision,
    ) -> Result<Vec<(ObjectId, Vec<f32>)>, StoreError> {
        let mut found = Vec::new();
        if releases.is_empty() {
            return Ok(found);
        }
        for some in pictures.chunks(ASKED) {
            // SQLite takes the other columns from the row that has the maximum.
            let mut query =
                QueryBuilder::new("SELECT sha256, features, MAX(arrived_us) FROM records WHERE features IS NOT NULL");
            query.push(" AND \"precision\" = ").push_bind(precision.as_str()).push(" AND \"release\" IN (");
            let mut list = query.separated(", ");
            for release in releases {
                list.push_bind(release.as_str());
            }
            query.push(") AND sha256 IN (");
            let mut list = query.separated(", ");
            for id in some {
                list.push_bind(id.0.to_vec());
            }
            query.push(") GROUP BY sha256");
            let rows = query.build().fetch_all(self.readers()).await.map_err(|e| self.error(e))?;
            for row in &rows {
                let read = || Ok((row.object("sha256")?, row.try_get::<&[u8], _>("features")?));
                let (id, blob) = read().map_err(|e: sqlx::Error| self.error(e))?;
                // A broken blob is as good as none: it can be computed again.
                found.extend(insert::features_from_blob(blob).map(|features| (id, features)));
            }
        }
        Ok(found)
    }
}
