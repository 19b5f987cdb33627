using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Node.Identities;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Cli.Identities;

/// <summary><c>stateless identity ...</c>: a machine's side of closed swarms; the authority's is <see cref="AuthorityCommands"/>.</summary>
internal static class IdentityCommands
{
    /// <summary>Names the file that holds a token, for scripts.</summary>
    private const string TokenOption = "--token-file";

    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("identity", "Closed swarms: who may take part.")
        {
            Enrol(context),
            Request(context),
            Renew(context),
            Show(context),
            AuthorityCommands.New(context),
            AuthorityCommands.Token(context),
            AuthorityCommands.Issue(context),
            AuthorityCommands.List(context),
            AuthorityCommands.Revoke(context),
        };

    private static ToolCommand Enrol(CommandContext context)
    {
        var directory = DirectoryArgument();
        var server = ServerOption();
        var token = new Option<string?>("--token") { HelpName = "TOKEN", Description = "Token from 'stateless identity token'. Others on this machine can see it: prefer --token-file." };
        var file = new Option<string?>(TokenOption) { HelpName = "FILE", Description = "File that holds the token." };
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "What this machine calls itself, when the token has no name; default its host name.", DefaultValueFactory = _ => Enrolment.NameOf(Environment.MachineName, "machine") };
        var command = new ToolCommand(
            "enrol",
            "Makes this machine a member: a key that stays here, and a certificate from the seed for a token.",
            "stateless identity enrol /var/lib/stateless/identity --server https://seed.example:8080 --token-file token"
        )
        {
            directory, server, token, file, name,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                if (result.GetValue(token) is null == result.GetValue(file) is null)
                    throw new CommandException(ExitCode.Usage, $"expected --token or {TokenOption}, one of both");
                var text = result.GetValue(token) ?? IdentityFiles.ReadText(result.GetValue(file)!);
                if (!EnrolmentToken.TryParse(text, out var parsed))
                    throw new CommandException(ExitCode.Usage, "the token is none: expected ss1. and three parts with '.' between them");
                var path = result.GetRequiredValue(directory);
                await Enrolment.EnrolAsync(Server(result.GetRequiredValue(server)), parsed, result.GetRequiredValue(name), path, context.Time, cancellation);
                Tell(context, path);
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static ToolCommand Request(CommandContext context)
    {
        var directory = DirectoryArgument();
        var command = new ToolCommand(
            "request",
            "Makes a key, and a request that the authority answers on another machine (stateless identity issue); the certificate then goes beside the key.",
            "stateless identity request identity/"
        )
        {
            directory,
        };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(directory);
            var request = IdentityRequest.Create();
            IdentityFiles.WriteRequest(path, request);
            context.Terminal.Out.WriteLine($"{Path.Combine(path, IdentityFiles.RequestFile)}: request for key {request.KeyId}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Renew(CommandContext context)
    {
        var directory = DirectoryArgument();
        var server = ServerOption();
        var command = new ToolCommand(
            "renew",
            "Gets a certificate that holds longer, from a seed that enrols, for the same key.",
            "stateless identity renew /var/lib/stateless/identity --server https://seed.example:8080"
        )
        {
            directory, server,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var path = result.GetRequiredValue(directory);
                await Enrolment.RenewAsync(Server(result.GetRequiredValue(server)), path, context.Time, cancellation);
                Tell(context, path);
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static ToolCommand Show(CommandContext context)
    {
        var directory = DirectoryArgument();
        var json = JsonOption.Create();
        var command = new ToolCommand("show", "Prints what an identity is, after checking it.", "stateless identity show /var/lib/stateless/identity --json") { directory, json };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(directory);
            if (!result.GetValue(json))
            {
                Tell(context, path);
                return (int)ExitCode.Done;
            }
            using var identity = SwarmIdentity.Open(path, context.Time);
            JsonOption.Write(
                context.Terminal.Out,
                writer =>
                {
                    writer.WriteString("key_id", identity.KeyId.ToString());
                    writer.WriteString("authority", identity.Authority.ToString());
                    writer.WriteNumber("expires", identity.ExpiresAt.ToUnixTimeSeconds());
                }
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static void Tell(CommandContext context, string path)
    {
        using var identity = SwarmIdentity.Open(path, context.Time);
        context.Terminal.Out.WriteLine($"{path}: key {identity.KeyId}");
        context.Terminal.Out.WriteLine($"authority {identity.Authority}");
        context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"expires   {identity.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}"));
    }

    private static Uri Server(string text) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : throw new CommandException(ExitCode.Usage, $"--server {text}: expected an http or https URL, for example https://seed.example:8080");

    private static Argument<string> DirectoryArgument() => new("directory") { HelpName = "DIR", Description = "Directory of the identity." };

    private static Option<string> ServerOption() => new("--server") { HelpName = "URL", Description = "The seed, started with --enrol.", Required = true };
}
