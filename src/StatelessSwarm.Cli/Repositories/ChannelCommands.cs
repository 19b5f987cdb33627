using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Keys;

namespace StatelessSwarm.Cli.Repositories;

/// <summary><c>stateless channel ...</c></summary>
internal static class ChannelCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("channel", "Channels: the moving pointers that nodes follow.") { Set(context), List(context) };

    private static ToolCommand Set(CommandContext context)
    {
        var channel = new Argument<string>("channel") { HelpName = "PRODUCT/CHANNEL", Description = "Channel to move or renew." };
        var release = new Argument<string?>("release")
        {
            HelpName = "DIGEST",
            Description = "Release digest (or its first digits); default the one it points at, which renews its expiry.",
            DefaultValueFactory = _ => null,
        };
        var repo = new Option<string>("--repo") { HelpName = "DIR", Description = "Repository.", Required = true };
        var keys = KeyFiles.CreateOption();
        var days = ChannelLifetime.CreateOption();
        var command = new ToolCommand(
            "set",
            "Points a channel at a release that is published, or renews its expiry. Never to a lower build: nodes would refuse.",
            "stateless channel set web/stable 3f9a --repo repo/ --key release.key"
        )
        {
            channel, release, repo, keys, days,
        };
        command.SetAction(result =>
        {
            var name = result.GetRequiredValue(channel);
            if (name.Split('/') is not [var product, var label])
                throw new CommandException(ExitCode.Usage, $"{name}: expected PRODUCT/CHANNEL");
            var lifetime = ChannelLifetime.Read(result, days);
            var repository = RepositoryCommands.Open(result.GetRequiredValue(repo), context);
            var digest = RepositoryCommands.Resolve(repository, result.GetValue(release) ?? name);
            var manifest = repository.ReadManifest(digest);
            if (manifest.Product != product)
                throw new CommandException(ExitCode.Usage, $"{name}: release {digest} is of product {manifest.Product}");
            var pointer = repository.PointChannel(digest, label, lifetime, KeyFiles.Load(context, result.GetRequiredValue(keys)));
            context.Terminal.Out.WriteLine($"{name}: {pointer.Version} build {pointer.Build}, {digest}, serial {pointer.Serial}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand List(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var json = JsonOption.Create();
        var command = new ToolCommand("list", "Lists channels.", "stateless channel list repo/ --json") { directory, json };
        command.SetAction(result =>
        {
            var repository = RepositoryCommands.Open(result.GetRequiredValue(directory), context);
            var pointers = repository.ListChannels();
            var output = context.Terminal.Out;
            if (result.GetValue(json))
            {
                JsonOption.Write(
                    output,
                    writer =>
                    {
                        writer.WriteStartArray("channels");
                        foreach (var pointer in pointers)
                        {
                            writer.WriteStartObject();
                            writer.WriteString("product", pointer.Product);
                            writer.WriteString("channel", pointer.Channel);
                            writer.WriteString("version", pointer.Version);
                            writer.WriteNumber("build", pointer.Build);
                            writer.WriteNumber("serial", pointer.Serial);
                            writer.WriteString("release", pointer.Release.ToString());
                            writer.WriteString("expires", DateTimeOffset.FromUnixTimeSeconds(pointer.ExpiresUnixSeconds));
                            writer.WriteEndObject();
                        }
                        writer.WriteEndArray();
                    }
                );
                return (int)ExitCode.Done;
            }
            foreach (var pointer in pointers)
            {
                var expires = DateTimeOffset.FromUnixTimeSeconds(pointer.ExpiresUnixSeconds);
                output.WriteLine(
                    $"{pointer.Product}/{pointer.Channel} {pointer.Version} build {pointer.Build} {pointer.Release} expires {expires:yyyy-MM-dd}"
                );
            }
            return (int)ExitCode.Done;
        });
        return command;
    }
}
