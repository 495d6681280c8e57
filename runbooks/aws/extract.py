"""Writes commands.txt: the commands of the AWS CLI that `shopwatch runbooks lint` knows, with their options.

Run it with the Python that the AWS CLI of .ci/requirements.txt is installed for:

    python runbooks/aws/extract.py [SERVICE ...] > runbooks/aws/commands.txt

Without services it takes those that the file has now. Names and types come from the CLI's own argument tables, which are the
service models of botocore plus what the CLI changes about them (kebab case, `aws s3 ls`, waiters): nothing is written by hand.
"""

import argparse
import pathlib
import sys

import awscli
import botocore
from awscli.clidriver import create_clidriver
from awscli.customizations.streamingoutputarg import StreamingOutputArgument

HEAD = """\
# The AWS CLI as pages may use it. Written by extract.py from awscli {awscli} (botocore {botocore}): do not edit.
# `service`, then `  command option option`. An option has one value; with `?` none, with `*` one or more; with `!` it must be given.
# `<name>` is an argument without an option. `--[no-]x?` is `--x` and `--no-x`. `-` is what every command takes.
"""
# Nearly every command has them: written once.
EVERYWHERE = {"--cli-input-json", "--generate-cli-skeleton"}


def suffix(required, many, flag):
    return ("!" if required else "") + ("?" if flag else "*" if many else "")


def argument(option):
    """One option or positional argument, as the file has it."""
    nargs = getattr(option, "nargs", None)
    # `aws s3 cp` has two paths: nargs is a number.
    many = nargs in ("+", "*") or (isinstance(nargs, int) and nargs > 1) or getattr(option, "cli_type_name", "") == "list"
    flag = getattr(option, "cli_type_name", "") == "boolean" or getattr(option, "_action", None) in ("store_true", "store_false")
    # Where an answer's stream goes (`aws lambda invoke … OUTFILE`) has no option, and does not say so.
    if getattr(option, "positional_arg", False) or isinstance(option, StreamingOutputArgument):
        return f"<{option.name}>" + suffix(nargs not in ("*", "?"), many, False)
    return "--" + option.cli_name.lstrip("-") + suffix(option.required, many, flag)


def global_option(name, spec):
    flag = getattr(spec, "_action", None) in ("store_true", "store_false", "version") or getattr(spec, "cli_type_name", "") == "boolean"
    return "--" + name + suffix(False, False, flag)


def commands(table, prefix=""):
    """Every command below, waiters and groups such as `aws cloudformation wait` included."""
    for name, command in sorted(table.items()):
        if name == "help":
            continue
        below = below_of(command)
        if below:
            yield from commands(below, f"{prefix}{name} ")
            continue
        options = {argument(option) for option in command.arg_table.values()} - EVERYWHERE
        yield f"  {prefix}{name} " + " ".join(sorted(folded(options)))


def folded(options):
    """`--x?` and `--no-x?` as one."""
    for option in options:
        negated = f"--no-{option[2:]}"
        if option.endswith("?") and negated in options:
            yield f"--[no-]{option[2:]}"
        elif not (option.startswith("--no-") and f"--{option[5:]}" in options):
            yield option


def below_of(command):
    """The commands of a service or group; none of a command."""
    if hasattr(command, "subcommand_table"):
        return command.subcommand_table
    if hasattr(command, "_get_command_table"):
        return command._get_command_table()
    return {}


def known(path):
    """The services of the file that is there."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    return [line for line in lines if line and line[0] not in " #-"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*")
    services = parser.parse_args().services or known(pathlib.Path(__file__).with_name("commands.txt"))
    driver = create_clidriver()
    out = [HEAD.format(awscli=awscli.__version__, botocore=botocore.__version__).rstrip()]
    everywhere = {global_option(name, spec) for name, spec in driver._get_argument_table().items()}
    out.append("- " + " ".join(sorted(everywhere | EVERYWHERE)))
    table = driver._get_command_table()
    for service in sorted(set(services)):
        if service not in table:
            sys.exit(f"the AWS CLI has no service {service}")
        out.append(service)
        out.extend(line.rstrip() for line in commands(below_of(table[service])))
    print("\n".join(out))


if __name__ == "__main__":
    main()
