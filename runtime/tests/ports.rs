//! Several inputs and outputs under their names.

use addax::__private::Ports;
use addax::losses::{BinaryCrossentropy, Loss, LossSet, SparseCategoricalCrossentropy};
use addax::metrics::{Accuracy, MetricSet};
use addax::training::{InputData, LabelData};
use dfdx::shapes::Const;

addax::named_ports! {
    /// What goes in.
    pub struct Inputs { image: Image, age: Age }
}
addax::named_ports! {
    /// What comes out.
    pub struct Outputs { race: Race, glad: Glad }
}

type Given = Inputs<(Const<2>, Const<3>), (Const<1>,)>;
type Answered = Outputs<(Const<5>,), (Const<1>,)>;

fn columns<X: InputData<Shapes = Given>>(x: &X) -> Vec<usize> {
    x.columns().iter().map(|column| column.len()).collect()
}

fn targets<L, Y>(_: &L, y: &Y) -> usize
where
    L: LossSet,
    Y: LabelData<L::Target, Answered>,
{
    y.all_targets().len()
}

fn names<L: LossSet, M: MetricSet<Answered>>(losses: L, metrics: M) -> (Vec<f32>, Vec<usize>) {
    let weights = losses
        .into_losses()
        .iter()
        .map(|loss| loss.weight())
        .collect();
    let metrics = metrics.into_metric_lists().iter().map(Vec::len).collect();
    (weights, metrics)
}

#[test]
fn each_port_has_its_own() {
    let images = vec![[[0.5_f32; 3]; 2]; 4];
    let ages = [1.0_f32, 2.0, 3.0, 4.0];
    let x = Inputs {
        image: &images,
        age: &ages[..],
    };
    assert_eq!(columns(&x), [24, 4]);

    let losses = Outputs {
        race: SparseCategoricalCrossentropy::default(),
        glad: BinaryCrossentropy::default().weighted(0.5),
    };
    let races = vec![0_u8, 4, 2, 1];
    let y = Outputs {
        race: &races,
        glad: vec![0.0_f32, 1.0, 0.0, 1.0],
    };
    assert_eq!(targets(&losses, &y), 2);
    let metrics = Outputs {
        race: Accuracy,
        glad: (),
    };
    assert_eq!(names(losses, metrics), (vec![1.0, 0.5], vec![1, 0]));
}

#[test]
fn answers_are_typed() -> addax::Result<()> {
    let mut columns = vec![vec![0.5; 10], vec![1.0, 2.0]].into_iter();
    let answers = Answered::answers(&mut columns, 2)?;
    assert_eq!(answers.race.as_vec().len(), 10);
    assert_eq!(answers.glad.as_vec(), [1.0, 2.0]);
    Ok(())
}
