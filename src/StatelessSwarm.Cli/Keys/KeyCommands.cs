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
        new ToolCommand("key", "Signing keys.") { New(context), Show(context), Import(context) };

    private static ToolCommand New(CommandContext context)
    {
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "File to write; never overwritten.", Required = true };
        var isSealed = new Option<bool>("--sealed") { Description = $"Under a passphrase: asked for, or read from the file that {KeyFiles.PassphraseVariable} names." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "new",
            "Makes an Ed25519 key, readable by its owner only, and FILE.pub with its public half.",
            "stateless key new -o release.key",
            "stateless key new -o root.key --sealed"
        )
        {
            output, isSealed, json,
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
            if (result.GetValue(isSealed))
                key.SaveSealed(path, KeyFiles.ReadPassphrase(context, path));
            else
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

    private static ToolCommand Import(CommandContext context)
    {
        var text = new Argument<string>("HEX") { Description = "The 32 bytes of an Ed25519 public key (RFC 8032), 64 hexadecimal digits." };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE.pub", Description = "File to write; never overwritten.", Required = true };
        var command = new ToolCommand(
            "import",
            "Writes the public half of a key that is held elsewhere, in a token or a signing service: for roles, and for --key cmd:FILE.pub:COMMAND.",
            "stateless key import d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a -o token.pub"
        )
        {
            text, output,
        };
        command.SetAction(result =>
        {
            var hex = result.GetRequiredValue(text);
            var bytes = new byte[PublicKey.Size];
            if (hex.Length != 2 * PublicKey.Size || Convert.FromHexString(hex, bytes, out _, out _) != System.Buffers.OperationStatus.Done || !PublicKey.TryCreate(bytes, out var key))
                throw new CommandException(ExitCode.Usage, $"{hex}: no Ed25519 public key: expected {2 * PublicKey.Size} hexadecimal digits");
            var path = result.GetRequiredValue(output);
            key.Save(path);
            Write(context, path, key, asJson: false);
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
