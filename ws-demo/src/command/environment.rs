//! The environment variables that set options.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The token of all clients. It is no option: all users of a machine can read the arguments of its
/// processes.
pub(super) const AUTH_TOKEN: &str = "WS_DEMO_AUTH_TOKEN";

/// Printed instead of a secret, and refused where a secret is expected.
pub(super) const PLACEHOLDER: &str = "***";

const PREFIX: &str = "WS_DEMO_";

/// Checks that each variable with our prefix is one that is read.
///
/// # Errors
///
/// The message for the user.
pub(super) fn check(
    command: &Command,
    names: impl IntoIterator<Item = OsString>,
) -> Result<(), String> {
    let known = known(command);
    for name in names {
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && !known.contains(&*name) {
            let upper = name.to_uppercase();
            let nearest = known.iter().min_by_key(|known| strsim::osa_distance(known, &upper));
            let nearest = nearest.map_or(AUTH_TOKEN, String::as_str);
            return Err(format!("unknown environment variable {name}: the nearest is {nearest}"));
        }
    }
    Ok(())
}

fn known(command: &Command) -> BTreeSet<String> {
    let commands = command.get_subcommands().chain([command]);
    let variables = commands.flat_map(Command::get_arguments).filter_map(|option| option.get_env());
    let mut known: BTreeSet<_> =
        variables.map(|variable| variable.to_string_lossy().into_owned()).collect();
    known.insert(AUTH_TOKEN.to_owned());
    known
}

/// Returns the settings of `serve`, each as the environment variable that sets it, for a shell, systemd
/// or a container. The matches are those of the command.
///
/// # Errors
///
/// The message for the user: a setting is no text.
pub(super) fn print(
    command: &Command,
    matches: &ArgMatches,
    token: Option<&OsStr>,
) -> Result<String, String> {
    let mut text = String::new();
    for option in command.get_arguments() {
        let (Some(variable), id) = (option.get_env(), option.get_id().as_str()) else {
            continue;
        };
        let variable = variable.display();
        let Some(values) = matches.get_raw(id) else {
            text += &format!("# {variable} is not set\n");
            continue;
        };
        let values: Option<Vec<_>> = values.map(OsStr::to_str).collect();
        let values =
            values.ok_or_else(|| format!("{variable}: not UTF-8, it cannot be printed"))?;
        let value = values.join(",");
        let shown = value.split(',').map(without_credentials).collect::<Vec<_>>().join(",");
        text += match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "# from the command line\n",
            Some(ValueSource::EnvVariable) => "# from the environment\n",
            _ => "",
        };
        if shown != value {
            text += &format!("# contains a password, which is not printed: set {variable}_FILE\n");
        }
        text += &format!("{variable}={}\n", quoted(&shown));
    }
    match token {
        Some(_) => {
            text += "# a token, which is not printed: set WS_DEMO_AUTH_TOKEN_FILE\n";
            text += &format!("{AUTH_TOKEN}={PLACEHOLDER}\n");
        }
        None => text += &format!("# {AUTH_TOKEN} is not set\n"),
    }
    Ok(text)
}

/// An address with a placeholder for the user name and the password in it; any other value as it is.
fn without_credentials(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{PLACEHOLDER}{}", &rest[at..]),
        None => value.to_owned(),
    }
}

/// The value in quotes, if a shell would read it as something else.
fn quoted(value: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "_./:,@%+=-*[]".contains(character);
    match value.chars().all(is_plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::builder::ArgAction;
    use clap::error::ErrorKind;
    use clap::{Arg, FromArgMatches as _};

    use super::super::Arguments;
    use super::super::serve::Serve;
    use super::*;

    /// Values, one of which each option takes.
    const VALUES: [&str; 12] = [
        "17",
        "17s",
        "17MiB",
        "127.0.0.1:17",
        "https://a.example",
        "10.0.0.0/8",
        "nats://a:17",
        "json",
        "drop",
        "a/file with 'a name' and ~",
        "a",
        "true",
    ];

    fn options(command: &Command) -> Vec<Arg> {
        let of_program = ["help", "version", "print_config"];
        let options = command.get_arguments();
        options.filter(|option| !of_program.contains(&option.get_id().as_str())).cloned().collect()
    }

    fn parse(arguments: &[String]) -> Result<ArgMatches, clap::Error> {
        let program = ["ws-demo".to_owned()];
        Arguments::command().try_get_matches_from(program.iter().chain(arguments))
    }

    fn serve(matches: &ArgMatches) -> String {
        format!("{:?}", Serve::from_arg_matches(matches).expect("valid options"))
    }

    /// The option with a value that it takes and that is not its default.
    fn setting(option: &Arg) -> String {
        let name = option.get_long().expect("a long name");
        if matches!(option.get_action(), ArgAction::SetTrue) {
            return format!("--{name}");
        }
        let default = option.get_default_values();
        let settings =
            VALUES.iter().filter(|value| default.iter().all(|default| default != *value));
        let mut settings = settings.map(|value| format!("--{name}={value}"));
        let refused = [ErrorKind::InvalidValue, ErrorKind::ValueValidation];
        let taken = |setting: &String| {
            let parsed = parse(std::slice::from_ref(setting));
            parsed.err().is_none_or(|error| !refused.contains(&error.kind()))
        };
        settings.find(taken).unwrap_or_else(|| panic!("no value for --{name}: add one to VALUES"))
    }

    /// The arguments with the effect of the variables.
    fn arguments(printed: &str, options: &[Arg]) -> Vec<String> {
        let lines = printed.lines().filter(|line| !line.starts_with('#'));
        let settings = lines.map(|line| line.split_once('=').expect("a variable"));
        let arguments = settings.filter_map(|(variable, value)| {
            let value = match value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
                Some(value) => value.replace(r"'\''", "'"),
                None => value.to_owned(),
            };
            let is_it = |option: &&Arg| option.get_env().is_some_and(|name| name == variable);
            let option = options.iter().find(is_it).expect("a known variable");
            let name = option.get_long().expect("a long name");
            match (option.get_action(), value.as_str()) {
                (ArgAction::SetTrue, "true") => Some(format!("--{name}")),
                (ArgAction::SetTrue, _) => None,
                _ => Some(format!("--{name}={value}")),
            }
        });
        arguments.collect()
    }

    #[test]
    fn each_option_has_a_variable_of_its_name() {
        for option in options(&Arguments::command()) {
            let name = option.get_long().expect("a long name").to_uppercase().replace('-', "_");
            let variable = option.get_env().map(OsStr::to_string_lossy);
            assert_eq!(variable.as_deref(), Some(&*format!("{PREFIX}{name}")));
        }
    }

    /// Each option by itself, or with another that it requires.
    #[test]
    fn what_is_printed_gives_the_same_server() {
        let command = Arguments::command();
        let options = options(&command);
        let settings: Vec<_> = options.iter().map(setting).collect();
        let default = serve(&parse(&[]).expect("no options"));
        for setting in &settings {
            let alone = parse(std::slice::from_ref(setting));
            let with = |other: &String| parse(&[setting.clone(), other.clone()]).ok();
            let matches = alone.ok().or_else(|| settings.iter().find_map(with)).expect(setting);
            let printed = print(&command, &matches, None).expect("text");
            let again = parse(&arguments(&printed, &options)).expect(setting);
            assert_ne!(serve(&matches), default, "{setting}");
            assert_eq!(serve(&again), serve(&matches), "{setting}\n{printed}");
        }
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_nearest_one() {
        let check = |name: &str| check(&Arguments::command(), [name.into()]);
        for name in ["WS_DEMO_LISTEN", "WS_DEMO_AUTH_TOKEN", "WS_DEMO_TOKEN", "WS_DEMO", "PATH"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for (name, nearest) in [
            ("WS_DEMO_LISTNE", "WS_DEMO_LISTEN"),
            ("WS_DEMO_MAX_MESAGE", "WS_DEMO_MAX_MESSAGE"),
            ("WS_DEMO_TLSCERT", "WS_DEMO_TLS_CERT"),
            ("WS_DEMO_listen", "WS_DEMO_LISTEN"),
        ] {
            let error = check(name).expect_err(name);
            let expected = format!("unknown environment variable {name}: the nearest is {nearest}");
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn secrets_are_placeholders() {
        let command = Arguments::command();
        let engine = "--engine=nats://node:secret@a:1,nats://node:secret@b:2".to_owned();
        let matches = parse(&[engine]).expect("an engine");
        let printed = print(&command, &matches, Some("secret".as_ref())).expect("text");
        assert!(!printed.contains("secret"), "{printed}");
        for line in [
            "set WS_DEMO_ENGINE_FILE\nWS_DEMO_ENGINE=nats://***@a:1,nats://***@b:2\n",
            "set WS_DEMO_AUTH_TOKEN_FILE\nWS_DEMO_AUTH_TOKEN=***\n",
        ] {
            assert!(printed.contains(line), "{line}\n{printed}");
        }
        // A copy that lacks the secrets is not another server.
        let error = parse(&["--engine=nats://***@a:1".to_owned()]).expect_err("no secret");
        assert!(error.to_string().contains("--engine-file"), "{error}");
    }
}
