using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary><c>stateless boot requirements</c></summary>
internal static class RequirementsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var agent = InitramfsCommand.AgentOption();
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "requirements",
            "Lists every file that the agent needs in an initramfs, libraries it opens at run time included; fails when one is missing.",
            "stateless boot requirements"
        )
        {
            agent,
            json,
        };
        command.SetAction(result =>
        {
            var (files, missing) = AgentFiles.Of(result.GetValue(agent) ?? AgentFiles.OwnPath);
            if (result.GetValue(json))
            {
                JsonOption.Write(
                    context.Terminal.Out,
                    writer =>
                    {
                        writer.WriteStartArray("files");
                        foreach (var file in files)
                            writer.WriteStringValue(file);
                        writer.WriteEndArray();
                        writer.WriteStartArray("missing");
                        foreach (var name in missing)
                            writer.WriteStringValue(name);
                        writer.WriteEndArray();
                    }
                );
            }
            else
            {
                foreach (var file in files)
                    context.Terminal.Out.WriteLine(file);
            }
            return missing.Count == 0
                ? (int)ExitCode.Done
                : throw new CommandException(ExitCode.Failed, $"not found on this machine: {string.Join(", ", missing)}");
        });
        return command;
    }
}
