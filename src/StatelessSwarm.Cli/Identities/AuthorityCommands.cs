using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Keys;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Identities;

/// <summary>What the people who keep an authority do: make it, give rights to enrol, sign by hand, list and put out.</summary>
internal static class AuthorityCommands
{
    private const int MaxDays = 36500;

    /// <summary><c>identity authority</c></summary>
    public static ToolCommand New(CommandContext context)
    {
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory to make; holds the authority's key." };
        var days = Days(7300);
        var command = new ToolCommand(
            "authority",
            "Makes an authority: it says who is a member. Its certificate goes to 'repo init --authority', its directory stays where tokens are made.",
            "stateless identity authority authority/"
        )
        {
            directory, days,
        };
        command.SetAction(result =>
        {
            using var authority = SwarmAuthority.Create(result.GetRequiredValue(directory), ReadDays(result, days), context.Time);
            context.Terminal.Out.WriteLine($"{Path.Combine(result.GetRequiredValue(directory), SwarmAuthority.CertificateFile)}: authority {authority.Fingerprint}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary><c>identity token</c></summary>
    public static ToolCommand Token(CommandContext context)
    {
        var authority = AuthorityOption();
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "Name of the machine it is for; default: machines say their own.", DefaultValueFactory = _ => "" };
        var uses = new Option<int>("--uses") { HelpName = "N", Description = "Machines that may enrol with it; 0 for as many as like.", DefaultValueFactory = _ => 1 };
        var hours = new Option<int>("--hours") { HelpName = "N", Description = "Hours it holds.", DefaultValueFactory = _ => 24 };
        var days = new Option<int>("--certificate-days") { HelpName = "N", Description = "Days that the certificates hold which it gives; machines that enrol at every boot need few.", DefaultValueFactory = _ => 365 };
        var remove = new Option<string?>("--remove") { HelpName = "ID", Description = "Take a token back instead: the 16 digits after ss1." };
        var command = new ToolCommand(
            "token",
            "Prints a new token: the right to enrol. It is a secret.",
            "stateless identity token --authority authority/ --name web-17",
            "stateless identity token --authority authority/ --uses 200 --hours 72",
            "stateless identity token --authority authority/ --uses 0 --hours 8760 --certificate-days 7"
        )
        {
            authority, name, uses, hours, days, remove,
        };
        command.SetAction(result =>
        {
            using var open = Open(context, result, authority);
            if (result.GetValue(remove) is { } id)
            {
                if (!open.RemoveToken(id))
                    throw new CommandException(ExitCode.Nothing, $"--remove {id}: no such token");
                context.Terminal.Out.WriteLine($"{id}: removed");
                return (int)ExitCode.Done;
            }
            var (count, lifetime) = (result.GetValue(uses), result.GetValue(hours));
            if (count < 0)
                throw new CommandException(ExitCode.Usage, $"--uses {count}: expected 0 or more");
            if (lifetime is < 1 or > 24 * MaxDays)
                throw new CommandException(ExitCode.Usage, $"--hours {lifetime}: expected 1 to {24 * MaxDays}");
            context.Terminal.Out.WriteLine(open.NewToken(result.GetRequiredValue(name), count == 0 ? null : count, TimeSpan.FromHours(lifetime), ReadDays(result, days)).Format());
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary><c>identity issue</c></summary>
    public static ToolCommand Issue(CommandContext context)
    {
        var authority = AuthorityOption();
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "Whom it is for; kept in the list, not in the certificate.", Required = true };
        var request = new Option<string?>("--request") { HelpName = "FILE", Description = "Request from 'stateless identity request'; the certificate goes to --output. Without it a key is made too." };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE|DIR", Description = "Certificate to write, or without --request the directory of a whole identity.", Required = true };
        var hosts = new Option<string[]>("--host") { HelpName = "NAME", Description = "For a server: DNS name or address it is reached under. May be given several times." };
        var days = Days(365);
        var command = new ToolCommand(
            "issue",
            "Signs a certificate by hand: for a seed, or a machine whose identity is put into place before it starts.",
            "stateless identity issue --authority authority/ --name seed --host seed.example -o seed-identity/",
            "stateless identity issue --authority authority/ --name web-17 --request identity.csr -o identity.pem"
        )
        {
            authority, name, request, output, hosts, days,
        };
        command.SetAction(result =>
        {
            using var open = Open(context, result, authority);
            var target = result.GetRequiredValue(output);
            var own = result.GetValue(request) is null ? IdentityRequest.Create() : null;
            var issued = open.Issue(
                new IssueRequest
                {
                    SigningRequest = own?.SigningRequest ?? IdentityFiles.ReadRequest(result.GetValue(request)!),
                    Name = result.GetRequiredValue(name),
                    Hosts = result.GetValue(hosts) ?? [],
                    Lifetime = ReadDays(result, days),
                }
            );
            if (own is not null)
                IdentityFiles.WriteIdentity(target, own, issued.Certificate, open.Certificate);
            else
                IdentityFiles.WriteCertificate(target, issued.Certificate);
            context.Terminal.Out.WriteLine($"{target}: key {issued.KeyId}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary><c>identity list</c></summary>
    public static ToolCommand List(CommandContext context)
    {
        var authority = AuthorityOption();
        var json = JsonOption.Create();
        var command = new ToolCommand("list", "Lists the certificates that an authority has given out.", "stateless identity list --authority authority/ --json") { authority, json };
        command.SetAction(result =>
        {
            using var open = Open(context, result, authority);
            var all = open.List();
            if (result.GetValue(json))
                JsonOption.Write(
                    context.Terminal.Out,
                    writer =>
                    {
                        writer.WriteStartArray("identities");
                        foreach (var issued in all)
                        {
                            writer.WriteStartObject();
                            writer.WriteString("name", issued.Name);
                            writer.WriteString("key_id", issued.KeyId.ToString());
                            writer.WriteString("token", issued.TokenId);
                            writer.WriteNumber("expires", issued.ExpiresAt.ToUnixTimeSeconds());
                            writer.WriteEndObject();
                        }
                        writer.WriteEndArray();
                    }
                );
            else
                foreach (var issued in all)
                    context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{issued.Name,-24} {issued.KeyId}  until {issued.ExpiresAt.UtcDateTime:yyyy-MM-dd}"));
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary><c>identity revoke</c></summary>
    public static ToolCommand Revoke(CommandContext context)
    {
        var names = new Argument<string[]>("NAME") { Description = "Names or key ids.", Arity = ArgumentArity.OneOrMore };
        var authority = new Option<string?>("--authority") { HelpName = "DIR", Description = "The authority's directory, to find names in; not needed for key ids." };
        var repo = new Option<string>("--repo") { HelpName = "DIR", Description = "Repository that tells the machines.", Required = true };
        var keys = KeyFiles.CreateOption();
        var undo = new Option<bool>("--undo") { Description = "Take them back in." };
        var command = new ToolCommand(
            "revoke",
            "Puts machines out: all others refuse them, and end their connections, from their next look at the repository on. Signed by the identity role, or the channel role when there is none.",
            "stateless identity revoke web-17 --authority authority/ --repo repo/ --key ops.key"
        )
        {
            names, authority, repo, keys, undo,
        };
        command.SetAction(result =>
        {
            using var open = result.GetValue(authority) is { } path ? SwarmAuthority.Open(path, context.Time) : null;
            var issued = open?.List() ?? [];
            var ids = new List<Sha256Digest>();
            foreach (var name in result.GetRequiredValue(names))
            {
                if (Sha256Digest.TryParseHex(name, out var id))
                    ids.Add(id);
                else if (issued.Where(one => one.Name == name).Select(one => one.KeyId).ToList() is { Count: > 0 } found)
                    ids.AddRange(found);
                else
                    throw new CommandException(ExitCode.Nothing, $"{name}: {(open is null ? "no key id; names want --authority" : "the authority has given nothing to such a name")}");
            }
            var isUndone = result.GetValue(undo);
            var repository = Repository.Open(result.GetRequiredValue(repo), context.Time);
            var list = repository.Revoke(isUndone ? [] : ids, isUndone ? ids : [], KeyFiles.Load(context, result.GetRequiredValue(keys)));
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{repository.Directory}: revocation list version {list.Version}, {list.Keys.Count} key(s) are out"));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static SwarmAuthority Open(CommandContext context, ParseResult result, Option<string> authority) =>
        SwarmAuthority.Open(result.GetRequiredValue(authority), context.Time);

    private static Option<string> AuthorityOption() => new("--authority") { HelpName = "DIR", Description = "The authority's directory.", Required = true };

    private static Option<int> Days(int count) => new("--days") { HelpName = "N", Description = "Days it holds.", DefaultValueFactory = _ => count };

    private static TimeSpan ReadDays(ParseResult result, Option<int> days) =>
        result.GetValue(days) is >= 1 and <= MaxDays and var count
            ? TimeSpan.FromDays(count)
            : throw new CommandException(ExitCode.Usage, $"{days.Name} {result.GetValue(days)}: expected 1 to {MaxDays}");
}
