//! The two ends of a network: one shape, or several under their names.

use crate::error::{Error, Result};
use crate::shape::StaticShape;
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};

/// What goes in or comes out of a network for one sample: one shape, or a struct of several that `network!` makes, such as
/// `FacesOutputs<(Const<5>,), (Const<1>,)>`.
pub trait Ports: 'static {
    /// Answers of these shapes for a batch.
    type Answers;

    /// How many ports there are.
    const COUNT: usize;

    /// Answers from their numbers, one vector for each port.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no room for them.
    fn answers(columns: &mut dyn Iterator<Item = Vec<f32>>, rows: usize) -> Result<Self::Answers>;
}

impl<S: StaticShape> Ports for S {
    type Answers = Tensor<S::Batched<usize>, f32, Cpu>;
    const COUNT: usize = 1;

    fn answers(columns: &mut dyn Iterator<Item = Vec<f32>>, rows: usize) -> Result<Self::Answers> {
        Cpu::default()
            .try_tensor_from_vec(columns.next().unwrap_or_default(), S::batched(rows))
            .map_err(Error::device)
    }
}

/// What a network with one output gives.
#[diagnostic::on_unimplemented(
    message = "these metrics are for one output, but the network gives `{Self}`",
    label = "metrics for one output",
    note = "a network with several outputs takes the metrics of each, in the struct of its outputs: `FacesOutputs {{ race: Accuracy, glad: () }}`",
    note = "a function for any network `N` has the condition `Accuracy: addax::metrics::MetricSet<N::Output>`, with the metrics that it uses"
)]
pub trait OneOutput {}

#[diagnostic::do_not_recommend]
impl<S: StaticShape> OneOutput for S {}

/// Declares the struct for several inputs or outputs of a network: one field each, of any type. With shapes in it, it is
/// the type of that end of the network; with data, labels, losses, metrics or tensors, it is those of each.
///
/// `network!` calls it.
#[doc(hidden)]
#[macro_export]
macro_rules! named_ports {
    (
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident { $($field:ident: $T:ident),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::default::Default,
            ::core::cmp::PartialEq,
        )]
        $vis struct $Name<$($T),+> {
            $(
                #[doc = ::core::concat!("`", ::core::stringify!($field), "`")]
                pub $field: $T,
            )+
        }

        impl<$($T: $crate::shape::StaticShape),+> $crate::__private::Ports for $Name<$($T),+> {
            type Answers = $Name<$(<$T as $crate::__private::Ports>::Answers),+>;
            const COUNT: usize = 0 $(+ <$T as $crate::__private::Ports>::COUNT)+;

            fn answers(
                columns: &mut dyn ::core::iter::Iterator<Item = ::std::vec::Vec<f32>>,
                rows: usize,
            ) -> $crate::Result<Self::Answers> {
                ::core::result::Result::Ok($Name {
                    $($field: <$T as $crate::__private::Ports>::answers(columns, rows)?,)+
                })
            }
        }

        impl<$($T: $crate::training::InputData),+> $crate::training::InputData for $Name<$($T),+> {
            type Shapes = $Name<$(<$T as $crate::training::InputData>::Shapes),+>;

            fn columns(&self) -> ::std::vec::Vec<::std::borrow::Cow<'_, [f32]>> {
                let mut columns = ::std::vec::Vec::new();
                $(columns.extend($crate::training::InputData::columns(&self.$field));)+
                columns
            }
        }

        impl<$($T: $crate::losses::LossSet),+> $crate::losses::LossSet for $Name<$($T),+> {
            type Target = $Name<$(<$T as $crate::losses::LossSet>::Target),+>;

            fn into_losses(self) -> ::std::vec::Vec<::std::boxed::Box<dyn $crate::losses::Loss>> {
                let mut losses = ::std::vec::Vec::new();
                $(losses.extend($crate::losses::LossSet::into_losses(self.$field));)+
                losses
            }
        }

        $crate::named_ports! {
            @pair $Name [] [$($field $T)+]
            [(K0 O0) (K1 O1) (K2 O2) (K3 O3) (K4 O4) (K5 O5) (K6 O6) (K7 O7) (K8 O8) (K9 O9) (K10 O10) (K11 O11)
             (K12 O12) (K13 O13) (K14 O14) (K15 O15) (K16 O16) (K17 O17) (K18 O18) (K19 O19) (K20 O20) (K21 O21)]
        }
    };
    // Gives each field names for two more type parameters.
    (@pair $Name:ident [$($done:tt)*] [$field:ident $T:ident $($rest:tt)*] [($K:ident $O:ident) $($names:tt)*]) => {
        $crate::named_ports! { @pair $Name [$($done)* ($field $T $K $O)] [$($rest)*] [$($names)*] }
    };
    (@pair $Name:ident [$(($field:ident $T:ident $K:ident $O:ident))+] [] $names:tt) => {
        impl<$($T, $K, $O),+> $crate::training::LabelData<$Name<$($K),+>, $Name<$($O),+>> for $Name<$($T),+>
        where
            $($T: $crate::training::LabelData<$K, $O>,)+
        {
            fn all_targets(&self) -> ::std::vec::Vec<$crate::__private::Targets<'_>> {
                let mut targets = ::std::vec::Vec::new();
                $(targets.extend($crate::training::LabelData::<$K, $O>::all_targets(&self.$field));)+
                targets
            }
        }

        impl<$($T, $O),+> $crate::heads::Suits<$Name<$($O),+>> for $Name<$($T),+>
        where
            $($T: $crate::heads::Suits<$O>,)+
        {
            fn check_head(&self) -> $crate::Result<()> {
                $(
                    $crate::heads::Suits::<$O>::check_head(&self.$field).map_err(|error| {
                        $crate::__private::of_output(
                            error,
                            ::core::concat!("from_logits of `", ::core::stringify!($field), "`"),
                        )
                    })?;
                )+
                ::core::result::Result::Ok(())
            }
        }

        impl<$($T, $O),+> $crate::metrics::MetricSet<$Name<$($O),+>> for $Name<$($T),+>
        where
            $($T: $crate::metrics::MetricSet<$O>,)+
        {
            fn into_metric_lists(
                self,
            ) -> ::std::vec::Vec<::std::vec::Vec<::std::boxed::Box<dyn $crate::metrics::Metric>>> {
                let mut lists = ::std::vec::Vec::new();
                $(lists.extend($crate::metrics::MetricSet::<$O>::into_metric_lists(self.$field));)+
                lists
            }
        }
    };
}
