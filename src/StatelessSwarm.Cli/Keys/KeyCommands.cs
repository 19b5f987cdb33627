using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Cli.Keys;

/// <summary><c>stateless key ...</c></summary>
internal static class KeyCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("key", "Signing keys.") { New(context), Show(context) };

    private static ToolCommand New(CommandContext context)
    {
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "File to write; never overwritten.", Required = true };
        var json = JsonOption.Create();
        var command = new ToolCommand("new", "Makes an Ed25519 key, readable by its owner only, and FILE.pub with its public half.", "stateless key new -o release.key")
        {
            output, json,
        };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(output);
            var publicPath = path + ".pub";
            foreach (var target in new[] { path, publicPath })
            {
                if (File.Exists(target))
                    throw new CommandException(ExitCode.Failed, $"{target}: is there already; a key is never overwritten");
            }
            var key = SigningKey.Generate();
            key.Save(path);
            key.PublicKey.Save(publicPath);
            Write(context, path, key.PublicKey, result.GetValue(json));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Show(CommandContext context)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "Key file, or its .pub." };
        var json = JsonOption.Create();
        var command = new ToolCommand("show", "Prints the public half of a key and its id.", "stateless key show release.key")
        {
            file, json,
        };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(file);
            if (!File.Exists(path))
                throw new CommandException(ExitCode.Nothing, $"{path}: no such key file");
            Write(context, path, PublicKey.Load(path), result.GetValue(json));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void Write(CommandContext context, string path, PublicKey key, bool asJson)
    {
        var hex = Convert.ToHexStringLower(key.Bytes.Span);
        if (asJson)
            JsonOption.Write(
                context.Terminal.Out,
                json =>
                {
                    json.WriteString("path", path);
                    json.WriteString("id", key.Id.ToString());
                    json.WriteString("public_key", hex);
                }
            );
        else
            context.Terminal.Out.WriteLine($"{path}: ed25519 {hex}, id {key.Id}");
    }
}
