//! Whatever the tokens, the macro answers with code or with errors, and code that is not an error can be parsed.

use super::tokens;
use crate::cursor::tokens_of;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

const NETWORKS: &[&str] = &[
    "/// Docs.\npub Letters: (SIDE, Self::W, 1) => 10 { Conv2D(16, (3, 3), activation = relu), MaxPooling2D(2), Flatten(), \
     hidden: Dense(units = 64, use_bias = false), Dropout(0.5), Dense(10, activation = softmax) }",
    "pub Small: (SIDE, 4, 1) => 3, budget(params < 50, macs <= 2 * SIDE) { Flatten(), Dense(3) }",
    "(4, 4, 1) => 3 { Flatten(), self::Dense(3), Halve::<2, 3>(), Reshape((3, -1)) }",
    "pub Faces: (image: (48, 48, 3), age: 1) => (race: 5) { let x = Flatten()(image); let race = Dense(5)(x); }",
    "pub Faces: (image: (8, 8, 3), age: 1, gender: 1) => (race: 5, glad: 1) { /// Docs.\n let x = first: Conv2D(24, 3)(image); \
     let tower = Dense(64, activation = relu); let a = tower(age); let b = tower(gender); let x = a + b * (x - a); \
     let z = self::Merge()([x, a], b); let race = Dense(5)(Flatten()(z)); x = Dense(1)(z), let glad = softmax(x) }",
    "pub Convnet<const SIDE: usize = 28, Classes>: (SIDE, SIDE, 1) => Classes { Flatten(), Dense(Classes / 2) }",
    "Deep: 16 => 10 { 3 * Dense(16, activation = relu), hidden: 2 * Encoder(), Dense(10) * 2 }",
    "Letters: [28, 28] -> \"10\" [ Sequential([keras.layers.Dense(3, name = \"a\"); model.add(Dense 4)]) ]",
];

/// A small generator with a fixed seed, so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n.max(1)).expect("small")).expect("small")
    }

    fn token(&mut self) -> TokenTree {
        let symbols = [
            ',', ';', ':', '=', '>', '<', '-', '.', '#', '!', '*', '|', '\'',
        ];
        match self.below(5) {
            0 => Ident::new(
                [
                    "Dense", "let", "True", "None", "crate", "try", "r#match", "_",
                ][self.below(8)]
                .trim_start_matches("r#"),
                Span::call_site(),
            )
            .into(),
            1 => [
                Literal::usize_unsuffixed(3),
                Literal::f64_unsuffixed(0.5),
                Literal::string("relu"),
                Literal::character('a'),
            ][self.below(4)]
            .clone()
            .into(),
            2 => Group::new(
                [
                    Delimiter::Parenthesis,
                    Delimiter::Brace,
                    Delimiter::Bracket,
                    Delimiter::None,
                ][self.below(4)],
                TokenStream::new(),
            )
            .into(),
            _ => {
                let spacing = if self.below(2) == 0 {
                    Spacing::Alone
                } else {
                    Spacing::Joint
                };
                Punct::new(symbols[self.below(12)], spacing).into()
            }
        }
    }

    /// One change somewhere in `tokens` or in a group inside.
    fn mutate(&mut self, tokens: &mut Vec<TokenTree>) {
        let groups: Vec<usize> = (0..tokens.len())
            .filter(|&i| matches!(tokens[i], TokenTree::Group(_)))
            .collect();
        if !groups.is_empty() && self.below(4) != 0 {
            let i = groups[self.below(groups.len())];
            if let TokenTree::Group(group) = &tokens[i] {
                let mut inside = tokens_of(group.stream());
                self.mutate(&mut inside);
                tokens[i] = Group::new(group.delimiter(), inside.into_iter().collect()).into();
            }
            return;
        }
        let i = self.below(tokens.len());
        match self.below(4) {
            0 if !tokens.is_empty() => {
                tokens.remove(i);
            }
            1 if !tokens.is_empty() => {
                let token = tokens[i].clone();
                tokens.insert(i, token);
            }
            2 if !tokens.is_empty() => {
                let j = self.below(tokens.len());
                tokens.swap(i, j);
            }
            _ => {
                let token = self.token();
                tokens.insert(i.min(tokens.len()), token);
            }
        }
    }
}

/// `ADDAX_MUTATIONS=1000000` makes it a long search, with `ADDAX_SEED` another one.
fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(number) => number.parse().expect("a number"),
        Err(_) => otherwise,
    }
}

#[test]
fn no_declaration_makes_the_macro_panic() {
    let mut random = Random(number("ADDAX_SEED", 0x5eed_cafe_f00d).max(1));
    let rounds = usize::try_from(number("ADDAX_MUTATIONS", 2_000)).expect("small");
    for round in 0..rounds {
        let mut declaration = tokens_of(tokens(NETWORKS[round % NETWORKS.len()]));
        for _ in 0..=random.below(4) {
            random.mutate(&mut declaration);
        }
        let declaration: TokenStream = declaration.into_iter().collect();
        let mut errors = crate::errors::Errors::default();
        let network = crate::parse::network(declaration.clone(), &mut errors);
        crate::check::network(network, &mut errors);
        // Nothing is dropped without a word.
        assert!(
            !errors.texts().contains(&"this network was not understood"),
            "{declaration}"
        );
        let code = crate::compile(declaration.clone());
        assert!(!code.is_empty(), "{declaration}");
        // Code that rustc cannot even parse would hide the errors behind its own.
        assert!(
            syn::parse2::<syn::File>(code.clone()).is_ok()
                || syn::parse2::<syn::Expr>(code.clone()).is_ok(),
            "{declaration}"
        );
    }
}
