//! The list of layers.

use super::layer::{self, Read};
use crate::ast::Step;
use crate::cursor::{Cursor, Piece, pieces, tokens_of, without_invisible_groups};
use crate::errors::{Errors, Place};
use proc_macro2::{Delimiter, Punct, Span, TokenTree};

/// Reads `Flatten(), hidden: Dense(64), ..`. `end` is where to point if something is missing at the end.
pub(super) fn list(tokens: &[TokenTree], end: Span, errors: &mut Errors) -> Vec<Step> {
    let mut list = List {
        end,
        told: Vec::new(),
        errors,
    };
    pieces(tokens, &[',', ';'])
        .iter()
        .flat_map(|piece| list.piece(piece))
        .collect()
}

/// Habits of other languages that show in every line. One gets one message, however often it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// `Dense(10);`
    Semicolon,
    /// `let x = Dense(10)(x);`
    Let,
    /// `model.add(Dense(10));`
    Add,
}

struct List<'a> {
    end: Span,
    told: Vec<Habit>,
    errors: &'a mut Errors,
}

impl List<'_> {
    fn tell(&mut self, habit: Habit, place: impl Into<Place>, problem: &str, help: &str) {
        if !self.told.contains(&habit) {
            self.told.push(habit);
            self.errors.push_help(place, problem, help);
        }
    }

    /// Reads what stands between two commas: one layer, or several if a comma is missing.
    fn piece(&mut self, piece: &Piece<'_>) -> Vec<Step> {
        let tokens = without_invisible_groups(piece.tokens);
        if tokens.is_empty() {
            if let Some(comma) = piece
                .separator
                .filter(|separator| separator.as_char() == ',')
            {
                self.errors.push_help(
                    comma.span(),
                    "there is no layer in front of this comma",
                    "take the comma out",
                );
            }
            return Vec::new();
        }
        let mut cursor = Cursor::new(&tokens, piece.separator.map_or(self.end, Punct::span));
        let mut steps = Vec::new();
        let mut statement = false;
        while !cursor.is_empty() {
            statement |= self.step(&mut cursor, &mut steps);
        }
        // The `;` of a statement goes with it.
        if let Some(separator) = piece
            .separator
            .filter(|separator| separator.as_char() == ';')
            && !statement
        {
            self.tell(
                Habit::Semicolon,
                separator.span(),
                "layers are separated by `,`",
                "write `,` for each `;`",
            );
        }
        steps
    }

    /// Reads one layer, or what somebody took for one. True if it was written as a statement.
    fn step(&mut self, cursor: &mut Cursor<'_>, steps: &mut Vec<Step>) -> bool {
        if let Some(nested) = self.nested(cursor) {
            steps.extend(nested);
            return false;
        }
        let mut statement = self.skip_let(cursor);
        match layer::layer(cursor, self.errors) {
            Read::Layer(layer) => steps.push(Step::Layer(*layer)),
            Read::Wrapped(tokens, end) => steps.extend(list(&tokens, end, self.errors)),
            Read::Added(place, tokens, end) => {
                statement = true;
                self.tell(
                    Habit::Add,
                    place,
                    "the layers of a network are a list",
                    "write each layer alone, with a comma behind it: `Dense(10),`",
                );
                steps.extend(list(&tokens, end, self.errors));
            }
            Read::Nothing => {}
            Read::Hole => steps.push(Step::Hole),
        }
        self.applied(cursor, statement);
        self.missing_comma(cursor);
        statement
    }

    /// `[Dense(3), Dense(4)]`
    fn nested(&mut self, cursor: &mut Cursor<'_>) -> Option<Vec<Step>> {
        let Some(TokenTree::Group(group)) = cursor.peek(0) else {
            return None;
        };
        self.errors.push_help(
            group.span(),
            "the layers of a network stand directly in its braces",
            "take the brackets around the layers out",
        );
        cursor.next();
        Some(list(
            &tokens_of(group.stream()),
            group.span_close(),
            self.errors,
        ))
    }

    /// `let x = Dense(10)(x);`
    fn skip_let(&mut self, cursor: &mut Cursor<'_>) -> bool {
        if !cursor.is_ident(0, "let") {
            return false;
        }
        self.tell(
            Habit::Let,
            cursor.here(),
            "a list of layers has no `let`: each layer takes what the one before it gives",
            "write each layer alone: `Dense(10),`, or name the inputs and outputs: `(image: (28, 28, 1)) => (digit: 10)`",
        );
        cursor.next();
        while !cursor.is_empty() && !cursor.is_symbol(0, "=") {
            cursor.next();
        }
        cursor.next();
        true
    }

    /// `Dense(10)(x)`
    fn applied(&mut self, cursor: &mut Cursor<'_>, statement: bool) {
        while let Some(inputs) = cursor.group(0, Delimiter::Parenthesis) {
            // With a `let` in front it is part of the same habit.
            if !statement {
                self.errors.push_help(
                    inputs.span(),
                    "in a list each layer takes what the one before it gives",
                    "take these parentheses out",
                );
            }
            cursor.next();
        }
    }

    /// What follows a layer in front of the next comma.
    fn missing_comma(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.is_empty() {
            return;
        }
        if cursor.ident(0).is_some() || cursor.is_symbol(0, "#") || cursor.is_symbol(0, "::") {
            self.errors.push_help(
                cursor.here(),
                "`,` is missing in front of this layer",
                "write a comma after each layer",
            );
            return;
        }
        self.errors.push_help(
            cursor.rest_place(),
            "a layer ends with its parentheses",
            "options stand in them: `Dense(64, activation = relu)`",
        );
        cursor.take_all();
    }
}
