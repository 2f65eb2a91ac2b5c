//! An exam from plan to report.

use std::sync::Arc;

use crate::{Ask, ExamPlan, ExamReport, ExaminerError, Pictures, QuestionSet, Sink, Sitting};

/// Holds a plan and does its steps. Make the questions once; let one candidate sit, or two one after the other.
#[derive(Clone, Debug)]
pub struct Examiner {
    plan: ExamPlan,
}

impl Examiner {
    /// Refuses a plan that cannot be done.
    pub fn new(plan: ExamPlan) -> Result<Self, ExaminerError> {
        plan.check()?;
        Ok(Self { plan })
    }

    /// The plan.
    pub fn plan(&self) -> &ExamPlan {
        &self.plan
    }

    /// Draws and makes the questions, on every core; blocks meanwhile.
    pub fn questions(&self, pictures: &mut dyn Pictures, events: Sink<'_>) -> Result<QuestionSet, ExaminerError> {
        crate::questions(&self.plan, pictures, events)
    }

    /// Asks a candidate every question at the plan's rate.
    pub async fn sit<A: Ask>(
        &self,
        set: &QuestionSet,
        candidate: Arc<A>,
        events: Sink<'_>,
    ) -> Result<Sitting, ExaminerError> {
        crate::sit(&self.plan, set, candidate, events).await
    }

    /// Judges one sitting, or two (A, then B); computes on every core, seconds for thousands of replicates.
    pub fn report(&self, set: &QuestionSet, sittings: &[Sitting]) -> Result<ExamReport, ExaminerError> {
        crate::report(&self.plan, set, sittings)
    }
}
