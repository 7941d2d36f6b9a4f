//! How the stream of a network carries out convolutions.

use super::fastest::{fastest, median};
use super::plan::Plan;
use crate::error::{Error, Result};
use crate::gpu::convolution::Convolution;
use crate::gpu::nvidia::driver::Queue;
use crate::gpu::nvidia::timer::Timer;
use std::rc::Rc;

/// Who carries out a pass of a convolution.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    Own,
    Cudnn(Rc<Plan>),
}

/// How often each way is timed. The middle one counts.
const TIMES: usize = 5;

/// Passes that are timed in one go, so that a beginning and an end weigh little.
const PASSES: usize = 8;

impl Queue {
    /// Runs a pass of a convolution.
    pub(in crate::gpu::nvidia) fn convolution(&mut self, convolution: &Convolution) -> Result<()> {
        match self.choice(convolution)? {
            Choice::Own => self.run(&convolution.own),
            Choice::Cudnn(plan) => self.by_cudnn(convolution, &plan),
        }
    }

    /// Who carries it out. That is found out where it is run for the first time: a pass may be run again and again, for it
    /// overwrites its result.
    fn choice(&mut self, convolution: &Convolution) -> Result<Choice> {
        let Some(cudnn) = &mut self.cudnn else {
            return Ok(Choice::Own);
        };
        let key = (convolution.pass, convolution.sizes);
        if let Some(choice) = cudnn.choices.get(&key) {
            return Ok(choice.clone());
        }
        // Nothing can be found out while a step is captured. Steps are captured when they have been run.
        if self.capturing {
            return Ok(Choice::Own);
        }
        let always = cudnn.always;
        let plan = match cudnn.plans(convolution.pass, convolution.sizes) {
            Ok(plans) if always => self.first(convolution, plans)?,
            Ok(plans) if plans.is_empty() => None,
            Ok(plans) => {
                let own = self.time(|queue| queue.run(&convolution.own))?;
                fastest(own, plans, |plan| {
                    self.time(|queue| queue.by_cudnn(convolution, plan))
                })
            }
            Err(error) if always => return Err(error),
            Err(_) => None,
        };
        let choice = plan.map_or(Choice::Own, |plan| Choice::Cudnn(Rc::new(plan)));
        if let Some(cudnn) = &mut self.cudnn {
            cudnn.choices.insert(key, choice.clone());
        }
        Ok(choice)
    }

    /// The first plan that runs.
    fn first(&mut self, convolution: &Convolution, plans: Vec<Plan>) -> Result<Option<Plan>> {
        for plan in plans {
            self.run(&convolution.bare.before)?;
            if plan.run(&convolution.bare)? {
                return Ok(Some(plan));
            }
        }
        Ok(None)
    }

    fn by_cudnn(&mut self, convolution: &Convolution, plan: &Plan) -> Result<()> {
        let bare = &convolution.bare;
        self.run(&bare.before)?;
        if !plan.run(bare)? {
            let message = format!("cuDNN no longer knows {:?}", convolution.sizes);
            return Err(Error::Device(message));
        }
        self.run(&bare.after)
    }

    /// The time that `work` takes on the device, in milliseconds, when it is run as steps are: captured or not.
    fn time(&mut self, work: impl Fn(&mut Queue) -> Result<()>) -> Result<f32> {
        // Libraries load what they need at the first time.
        work(self)?;
        let several = |queue: &mut Queue| (0..PASSES).try_for_each(|_| work(queue));
        if !self.captures {
            return self.median_time(several);
        }
        let graph = self.captured(several)?;
        self.median_time(|queue| queue.replay(&graph))
    }

    fn median_time(&mut self, work: impl Fn(&mut Queue) -> Result<()>) -> Result<f32> {
        let timer = Timer::new()?;
        let mut times = [0.0; TIMES];
        for time in &mut times {
            timer.begin(self.stream)?;
            work(self)?;
            *time = timer.end(self.stream)?;
        }
        Ok(median(times))
    }
}
