using System.CommandLine;
using System.Diagnostics;
using System.Text;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Cli.Keys;

/// <summary>
/// The <c>--key</c> option of commands that sign: a key file, one under a passphrase, or <c>cmd:FILE.pub:COMMAND</c>, a program that
/// gets the bytes to sign on its standard input and gives the 64 bytes of the signature.
/// </summary>
internal static class KeyFiles
{
    /// <summary>Names the file that holds the passphrase, for scripts.</summary>
    public const string PassphraseVariable = "STATELESS_PASSPHRASE_FILE";

    private const string CommandPrefix = "cmd:";
    private const int MaxPassphraseBytes = 4096;
    private const int MaxSignatureBytes = 4096;

    /// <summary>A new option for one command; may be given several times.</summary>
    public static Option<string[]> CreateOption() =>
        new("--key")
        {
            HelpName = "FILE",
            Description = $"Key to sign with: a key file (its passphrase is asked for, or read from the file that {PassphraseVariable} names), or cmd:FILE.pub:COMMAND for a program that signs its input. May be given several times.",
            Required = true,
        };

    /// <summary>Loads every key named.</summary>
    /// <exception cref="CommandException">A file is not there, or a passphrase is needed and nobody can be asked.</exception>
    public static IReadOnlyList<SigningKey> Load(CommandContext context, IReadOnlyList<string> paths) => [.. paths.Select(path => Load(context, path))];

    /// <summary>The passphrase for a new key or an old one.</summary>
    /// <exception cref="CommandException">It is needed and nobody can be asked.</exception>
    public static byte[] ReadPassphrase(CommandContext context, string path)
    {
        if (context.Variable(PassphraseVariable) is { Length: > 0 } file)
        {
            if (!File.Exists(file))
                throw new CommandException(ExitCode.Nothing, $"{file}: no such file ({PassphraseVariable})");
            var bytes = File.ReadAllBytes(file);
            if (bytes.Length > MaxPassphraseBytes)
                throw new CommandException(ExitCode.Usage, $"{file}: {bytes.Length} bytes, expected a passphrase of at most {MaxPassphraseBytes}");
            return bytes is [.. var line, (byte)'\n'] ? line : bytes;
        }
        if (!context.Terminal.IsInteractive || Console.IsInputRedirected)
            throw new CommandException(ExitCode.Usage, $"{path}: needs a passphrase: set {PassphraseVariable} to a file that holds it");
        context.Terminal.Error.Write($"Passphrase for {path}: ");
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                text.Length = Math.Max(0, text.Length - 1);
            else if (text.Length < MaxPassphraseBytes)
                text.Append(key.KeyChar);
        }
        context.Terminal.Error.WriteLine();
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static SigningKey Load(CommandContext context, string path)
    {
        if (path.StartsWith(CommandPrefix, StringComparison.Ordinal))
            return FromCommand(path);
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such key file (make one: stateless key new -o {path})");
        return SigningKey.IsSealed(path) ? SigningKey.LoadSealed(path, ReadPassphrase(context, path)) : SigningKey.Load(path);
    }

    private static SigningKey FromCommand(string text)
    {
        var rest = text[CommandPrefix.Length..];
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || colon == rest.Length - 1)
            throw new CommandException(ExitCode.Usage, $"--key {text}: expected cmd:FILE.pub:COMMAND");
        var (file, command) = (rest[..colon], rest[(colon + 1)..]);
        if (!File.Exists(file))
            throw new CommandException(ExitCode.Nothing, $"{file}: no such key file");
        return SigningKey.External(PublicKey.Load(file), bytes => Run(command, bytes));
    }

    private static byte[] Run(string command, byte[] input)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new CommandException(ExitCode.Failed, $"{command}: could not be started");
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // it has ended, or reads nothing: what it answers, and with which code, is told below
        }
        var answer = new byte[MaxSignatureBytes];
        var count = process.StandardOutput.BaseStream.ReadAtLeast(answer, answer.Length, throwOnEndOfStream: false);
        process.WaitForExit();
        return process.ExitCode == 0 ? answer[..count] : throw new CommandException(ExitCode.Failed, $"{command}: ended with code {process.ExitCode}");
    }
}
