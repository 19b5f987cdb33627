using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Keys;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Cli.Trusting;

/// <summary><c>stateless trust ...</c>: the whole life of roles and keys, on machines that never see each other's keys.</summary>
internal static class TrustCommands
{
    private const int MaxDays = 3650;

    private static readonly (MetadataRole Role, string Name)[] Roles =
        [.. Enum.GetValues<MetadataRole>().Where(role => role != MetadataRole.Delegation).Select(role => (role, RoleVerifier.NameOf(role)))];

    /// <summary>Roles that need not be held by anybody.</summary>
    private static readonly MetadataRole[] Optional = [MetadataRole.Time, MetadataRole.Identity];

    /// <summary>The command and those below it.</summary>
    public static Command Create(CommandContext context) =>
        new("trust", "Root metadata and signatures: who may say what machines run.")
        {
            Draft(context),
            Sign(context),
            TrustShowCommand.Create(context),
            Publish(context),
            Resign(context),
            Time(context),
            Delegate(context),
        };

    private static ToolCommand Draft(CommandContext context)
    {
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "File to write.", Required = true };
        var from = new Option<string?>("--from") { HelpName = "FILE", Description = "Root metadata that it follows: the version counts on, roles that are not named stay." };
        var keys = Roles.Select(role => new Option<string[]>($"--{role.Name}") { HelpName = "FILE.pub", Description = $"Public key of the {role.Name} role. May be given several times; all of them are the role's." }).ToArray();
        var thresholds = new Option<string[]>("--threshold") { HelpName = "ROLE=N", Description = "Keys of a role that must agree; default what --from has, else 1. May be given several times." };
        var days = new Option<int>("--days") { HelpName = "N", Description = "Days it is believed.", DefaultValueFactory = _ => 365 };
        var without = new Option<string[]>("--without") { HelpName = "time|identity", Description = "Role that nobody holds any more. May be given several times." };
        var command = new ToolCommand(
            "draft",
            "Writes root metadata that nobody has signed yet: for a new repository, or the next version of one.",
            "stateless trust draft --root alice.pub --root bob.pub --root carol.pub --threshold root=2 --release ci.pub --channel ops.pub -o root.mp",
            "stateless trust draft --from repo/metadata/root.mp --release ci2.pub -o next.mp"
        )
        {
            output, from, thresholds, days, without,
        };
        foreach (var option in keys)
            command.Add(option);
        command.SetAction(result =>
        {
            var before = result.GetValue(from) is { } path
                ? TrustFile.Read(path).Root ?? throw new CommandException(ExitCode.Usage, $"--from {path}: no root metadata")
                : null;
            var lifetime = result.GetValue(days);
            if (lifetime is < 1 or > MaxDays)
                throw new CommandException(ExitCode.Usage, $"--days {lifetime}: expected 1 to {MaxDays}");
            var asked = Thresholds(result.GetValue(thresholds) ?? []);
            var dropped = (result.GetValue(without) ?? []).Select(OptionalRole).ToHashSet();
            var all = new Dictionary<Sha256Digest, PublicKey>();
            var roles = new Dictionary<MetadataRole, RoleKeys>();
            for (var index = 0; index < Roles.Length; index++)
            {
                var (role, name) = Roles[index];
                var named = (result.GetValue(keys[index]) ?? []).Select(LoadPublic).ToList();
                var held = before?.Roles.GetValueOrDefault(role);
                if ((named.Count == 0 && held is null && Optional.Contains(role)) || dropped.Contains(role))
                    continue;
                if (named.Count == 0 && held is null)
                    throw new CommandException(ExitCode.Usage, $"--{name} is missing: no key has the {name} role");
                if (named.Count == 0)
                    named = [.. held!.KeyIds.Select(id => before!.FindKey(id)!)];
                foreach (var key in named)
                    all[key.Id] = key;
                var threshold = asked.TryGetValue(role, out var wanted) ? wanted : held?.Threshold ?? 1;
                roles[role] = new RoleKeys(threshold, [.. named.Select(key => key.Id).Distinct().Order()]);
            }
            foreach (var id in roles.Values.SelectMany(role => role.KeyIds))
                all.TryAdd(id, before?.FindKey(id) ?? all[id]);
            var now = context.Time.GetUtcNow();
            var root = new RootMetadata
            {
                Version = (before?.Version ?? 0) + 1,
                IssuedUnixSeconds = now.ToUnixTimeSeconds(),
                ExpiresUnixSeconds = now.AddDays(lifetime).ToUnixTimeSeconds(),
                Keys = [.. all.Values.OrderBy(key => key.Id)],
                Roles = roles,
            };
            var target = result.GetRequiredValue(output);
            Write(target, SignedEnvelope.Unsigned(root.Encode()));
            context.Terminal.Out.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{target}: root metadata version {root.Version}, not signed; {root.Roles[MetadataRole.Root].Threshold} of its {root.Roles[MetadataRole.Root].KeyIds.Count} root key(s)")
                    + (before is null ? " have to sign it" : $" and {before.Roles[MetadataRole.Root].Threshold} of those before it have to sign it")
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Sign(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "Root metadata, a channel pointer or a manifest; the signatures go into it." };
        var keys = KeyFiles.CreateOption();
        var command = new ToolCommand(
            "sign",
            "Adds signatures to a file; needs no repository, and no network. A signature by the same key is replaced.",
            "stateless trust sign root.mp --key alice.key"
        )
        {
            file, keys,
        };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(file);
            var read = TrustFile.Read(path);
            var envelope = read.Envelope;
            foreach (var key in KeyFiles.Load(context, result.GetRequiredValue(keys)))
            {
                if (read.Root is { } root && root.Roles.Values.All(role => !role.KeyIds.Contains(key.PublicKey.Id)))
                    context.Terminal.Note($"key {key.PublicKey.Id} has no role in it; the signature counts only if it had the root role before");
                envelope = envelope.With(read.Role, key);
            }
            Write(path, envelope);
            context.Terminal.Out.WriteLine($"{path}: {envelope.Signatures.Count} signature(s)");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Publish(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "Signed root metadata, the version after the repository's." };
        var repo = RepositoryOption();
        var command = new ToolCommand(
            "publish",
            "Makes root metadata a repository's newest: enough root keys of it and of the version before it must have signed.",
            "stateless trust publish next.mp --repo repo"
        )
        {
            file, repo,
        };
        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(file);
            var root = TrustFile.Read(path);
            if (root.Root is null)
                throw new CommandException(ExitCode.Usage, $"{path}: no root metadata");
            var repository = Repository.Open(result.GetRequiredValue(repo), context.Time);
            repository.PublishRoot(root.Envelope);
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{repository.Directory}: root metadata version {root.Root.Version}"));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Resign(CommandContext context)
    {
        var repo = RepositoryOption();
        var keys = KeyFiles.CreateOption();
        var command = new ToolCommand(
            "resign",
            "Signs manifests and channel pointers again that the newest root metadata does not believe any more, after a key was taken away. Digests stay.",
            "stateless trust resign --repo repo --key ci2.key --key ops.key"
        )
        {
            repo, keys,
        };
        command.SetAction(result =>
        {
            var repository = Repository.Open(result.GetRequiredValue(repo), context.Time);
            var resigned = repository.Resign(KeyFiles.Load(context, result.GetRequiredValue(keys)));
            foreach (var path in resigned.Missing)
                context.Terminal.Note($"{path}: too few of the keys given have its role");
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{repository.Directory}: {resigned.Renewed} signed again, {resigned.Sound} were sound, {resigned.Missing.Count} still lack signatures"));
            return (int)(resigned.Missing.Count == 0 ? ExitCode.Done : ExitCode.Refused);
        });
        return command;
    }

    private static ToolCommand Delegate(CommandContext context)
    {
        var repo = RepositoryOption();
        var keys = KeyFiles.CreateOption();
        var product = new Option<string>("--product") { HelpName = "NAME", Description = "The product.", Required = true };
        var to = new Option<string[]>("--to") { HelpName = "FILE.pub", Description = "Public key that may sign its releases. May be given several times; they take the place of those before." };
        var nobody = new Option<bool>("--to-nobody") { Description = "Take the delegation back." };
        var threshold = new Option<int>("--threshold") { HelpName = "N", Description = "Of the keys that must agree.", DefaultValueFactory = _ => 1 };
        var days = new Option<int>("--days") { HelpName = "N", Description = "Days it is believed for new releases.", DefaultValueFactory = _ => 365 };
        var command = new ToolCommand(
            "delegate",
            "Lets others sign the releases of one product, and of no other; signed by the release role, which may go on signing itself.",
            "stateless trust delegate --repo repo --product web --to web-ci.key.pub --key release.key",
            "stateless trust delegate --repo repo --product web --to-nobody --key release.key"
        )
        {
            repo, product, to, nobody, threshold, days, keys,
        };
        command.SetAction(result =>
        {
            var holders = (result.GetValue(to) ?? []).Select(LoadPublic).ToList();
            if (holders.Count > 0 == result.GetValue(nobody))
                throw new CommandException(ExitCode.Usage, "expected --to or --to-nobody, one of both");
            var lifetime = result.GetValue(days);
            if (lifetime is < 1 or > MaxDays)
                throw new CommandException(ExitCode.Usage, $"--days {lifetime}: expected 1 to {MaxDays}");
            var repository = Repository.Open(result.GetRequiredValue(repo), context.Time);
            var count = holders.Count == 0 ? 0 : result.GetValue(threshold);
            var delegation = repository.Delegate(result.GetRequiredValue(product), holders, count, TimeSpan.FromDays(lifetime), KeyFiles.Load(context, result.GetRequiredValue(keys)));
            context.Terminal.Out.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{repository.Directory}: delegation of {delegation.Product} version {delegation.Version}, {delegation.Threshold} of {delegation.Keys.Count} key(s)")
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Time(CommandContext context)
    {
        var repo = RepositoryOption();
        var keys = KeyFiles.CreateOption();
        var hours = new Option<int>("--hours") { HelpName = "N", Description = "Hours it is believed; run this again well before they are over.", DefaultValueFactory = _ => 48 };
        var command = new ToolCommand(
            "time",
            "Signs what is current in a repository, for a short time. Machines whose root metadata has a time role install nothing without it, so that nobody can keep news from them.",
            "stateless trust time --repo repo --key time.key --hours 48"
        )
        {
            repo, keys, hours,
        };
        command.SetAction(result =>
        {
            var lifetime = result.GetValue(hours);
            if (lifetime is < 1 or > 24 * 365)
                throw new CommandException(ExitCode.Usage, $"--hours {lifetime}: expected 1 to {24 * 365}");
            var repository = Repository.Open(result.GetRequiredValue(repo), context.Time);
            var statement = repository.SignTime(TimeSpan.FromHours(lifetime), KeyFiles.Load(context, result.GetRequiredValue(keys)));
            context.Terminal.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{repository.Directory}: serial {statement.Serial}, {statement.Channels.Count} channel(s), until {DateTimeOffset.FromUnixTimeSeconds(statement.ExpiresUnixSeconds):yyyy-MM-dd HH:mm:ss'Z'}"
                )
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Option<string> RepositoryOption() => new("--repo") { HelpName = "DIR", Description = "Repository.", Required = true };

    private static Dictionary<MetadataRole, int> Thresholds(IReadOnlyList<string> texts)
    {
        var thresholds = new Dictionary<MetadataRole, int>();
        foreach (var text in texts)
        {
            if (
                text.Split('=') is not [var name, var count]
                || Roles.FirstOrDefault(role => role.Name == name) is not { Name: not null } known
                || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number < 1
            )
                throw new CommandException(ExitCode.Usage, $"--threshold {text}: expected ROLE=N, at least 1, with one of {string.Join(", ", Roles.Select(role => role.Name))}");
            thresholds[known.Role] = number;
        }
        return thresholds;
    }

    private static MetadataRole OptionalRole(string name) =>
        Optional.Where(role => RoleVerifier.NameOf(role) == name).Cast<MetadataRole?>().FirstOrDefault()
        ?? throw new CommandException(ExitCode.Usage, $"--without {name}: expected time or identity");

    private static PublicKey LoadPublic(string path) =>
        File.Exists(path) ? PublicKey.Load(path) : throw new CommandException(ExitCode.Nothing, $"{path}: no such key file");

    private static void Write(string path, SignedEnvelope envelope)
    {
        var temporary = path + ".new";
        File.WriteAllBytes(temporary, envelope.Encode());
        AtomicRename.Replace(temporary, path);
    }
}
