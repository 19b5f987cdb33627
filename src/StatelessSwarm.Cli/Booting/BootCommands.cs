using System.CommandLine;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Cli.Booting.Media;
using StatelessSwarm.Cli.Commands;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot ...</c></summary>
internal static class BootCommands
{
    /// <summary>Where a machine that boots keeps what it knows of it.</summary>
    public const string RunDirectory = "/run/stateless";

    /// <summary>The command and those below it.</summary>
    public static Command Create(CommandContext context) =>
        new("boot", "Boots a machine from an image, and looks after the boots.")
        {
            InitramfsCommand.Create(context),
            RequirementsCommand.Create(context),
            BootParametersCommand.Create(context),
            BootRootCommand.Create(context),
            BootAgentCommand.Create(context),
            BootBlessCommand.Create(context),
            BootStatusCommand.Create(context),
            BootEntriesCommand.Create(context),
            LiveImageCommand.Create(context),
        };

    /// <summary>The option that says where the machine's run directory is.</summary>
    public static Option<string> RunOption() =>
        new("--run") { HelpName = "DIR", Description = "Directory of boot.json, control socket and mounts.", DefaultValueFactory = _ => RunDirectory };
}
