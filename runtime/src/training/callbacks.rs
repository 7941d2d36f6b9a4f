//! How `fit` calls callbacks.

use crate::callbacks::{Callback, Logs, Measured, Next, Training};
use crate::engine::Engine;
use crate::error::Result;
use std::path::Path;

/// The callbacks of one training.
pub(super) struct Callbacks<'a> {
    callbacks: Vec<&'a mut dyn Callback>,
    measured: Vec<Measured>,
}

impl<'a> Callbacks<'a> {
    /// Before the first step.
    pub(super) fn begin<E: Engine>(
        callbacks: Vec<&'a mut dyn Callback>,
        engine: &mut E,
        validated: bool,
    ) -> Result<Self> {
        let measured = engine.setup().measured(validated);
        let mut callbacks = Callbacks {
            callbacks,
            measured,
        };
        callbacks.each(engine, |callback, training| {
            callback.on_train_begin(training)
        })?;
        Ok(callbacks)
    }

    /// After an epoch.
    pub(super) fn epoch_end<E: Engine>(
        &mut self,
        engine: &mut E,
        epoch: usize,
        logs: &mut Logs,
    ) -> Result<Next> {
        let mut next = Next::GoOn;
        self.each(engine, |callback, training| {
            if callback.on_epoch_end(epoch, logs, training)? == Next::Stop {
                next = Next::Stop;
            }
            Ok(())
        })?;
        Ok(next)
    }

    /// After the last epoch.
    pub(super) fn end<E: Engine>(mut self, engine: &mut E) -> Result<()> {
        self.each(engine, |callback, training| callback.on_train_end(training))
    }

    fn each<E: Engine>(
        &mut self,
        engine: &mut E,
        mut call: impl FnMut(&mut dyn Callback, &mut dyn Training) -> Result<()>,
    ) -> Result<()> {
        let mut training = InTraining {
            engine,
            measured: &self.measured,
        };
        let mut callbacks = self.callbacks.iter_mut();
        callbacks.try_for_each(|callback| call(&mut **callback, &mut training))
    }
}

/// The engine in training, as callbacks see it.
struct InTraining<'a, E> {
    engine: &'a mut E,
    measured: &'a [Measured],
}

impl<E: Engine> Training for InTraining<'_, E> {
    fn measured(&self) -> &[Measured] {
        self.measured
    }

    fn learning_rate(&self) -> f64 {
        let compiled = self.engine.setup().compiled.as_ref();
        compiled.map_or(0.0, |c| c.optimizer.learning_rate())
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        if let Some(compiled) = &mut self.engine.setup_mut().compiled {
            compiled.optimizer.set_learning_rate(learning_rate);
        }
    }

    fn weights(&self) -> Result<Vec<Vec<f32>>> {
        self.engine.parameters()
    }

    fn set_weights(&mut self, weights: Vec<Vec<f32>>) -> Result<()> {
        self.engine.set_parameters(weights)
    }

    fn save_weights(&self, path: &Path) -> Result<()> {
        crate::saving::save(self.engine, path)
    }
}
