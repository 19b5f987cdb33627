using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Identities;
using StatelessSwarm.Cli.Images;
using StatelessSwarm.Cli.Keys;
using StatelessSwarm.Cli.Trusting;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Repositories;

/// <summary><c>stateless repo ...</c></summary>
internal static class RepositoryCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(CommandContext context) =>
        new ToolCommand("repo", "Repositories of releases.") {
            Init(context),
            Check(context),
            List(context),
            Show(context),
            UpkeepCommands.Prune(context),
            UpkeepCommands.Pin(context),
            UpkeepCommands.Unpin(context),
            UpkeepCommands.Withdraw(context),
            Close(context),
        };

    private static ToolCommand Init(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var keys = KeyFiles.CreateOption();
        keys.Required = false;
        var root = new Option<string?>("--root") { HelpName = "FILE", Description = "Root metadata, version 1, signed by its root keys (stateless trust draft, stateless trust sign)." };
        var authority = new Option<string?>("--authority") { HelpName = "FILE", Description = "Certificate of an authority (PEM): releases published here are closed to all but its members." };
        var command = new ToolCommand(
            "init",
            "Makes an empty repository: whose root, release and channel roles are held by the keys, or as root metadata says.",
            "stateless repo init repo/ --key release.key",
            "stateless repo init repo/ --root root.mp"
        )
        {
            directory, keys, root, authority,
        };
        command.SetAction(result =>
        {
            var names = result.GetValue(keys) ?? [];
            if (names.Length > 0 == result.GetValue(root) is not null)
                throw new CommandException(ExitCode.Usage, "expected --key or --root, one of both");
            using var certificate = result.GetValue(authority) is { } path ? IdentityFiles.ReadCertificate(path) : null;
            var repository = result.GetValue(root) is { } file
                ? Repository.Init(result.GetRequiredValue(directory), TrustFile.Read(file).Envelope, context.Time)
                : Repository.Init(result.GetRequiredValue(directory), KeyFiles.Load(context, names), context.Time);
            if (certificate is not null)
                repository.SetAuthority(certificate.RawDataMemory);
            context.Terminal.Out.WriteLine(
                $"{repository.Directory}: new repository; nodes trust it by {Path.Combine(repository.Directory, RepositoryLayout.Root)}"
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Close(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var authority = new Option<string?>("--authority") { HelpName = "FILE", Description = "Certificate of the authority (PEM)." };
        var open = new Option<bool>("--open") { Description = "Publish for everybody again." };
        var command = new ToolCommand(
            "close",
            "Closes what is published from now on to all but members of an authority. Releases that are there stay as they are.",
            "stateless repo close repo/ --authority authority/authority.pem",
            "stateless repo close repo/ --open"
        )
        {
            directory, authority, open,
        };
        command.SetAction(result =>
        {
            if (result.GetValue(open) == result.GetValue(authority) is not null)
                throw new CommandException(ExitCode.Usage, "expected --authority or --open, one of both");
            using var certificate = result.GetValue(authority) is { } path ? IdentityFiles.ReadCertificate(path) : null;
            var repository = Open(result.GetRequiredValue(directory), context);
            repository.SetAuthority(certificate?.RawDataMemory);
            context.Terminal.Out.WriteLine(
                certificate is null
                    ? $"{repository.Directory}: releases are published for everybody"
                    : $"{repository.Directory}: releases are published for members of authority {Sha256Digest.HashData(certificate.RawDataMemory.Span)}"
            );
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Check(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var json = JsonOption.Create();
        var deep = new Option<bool>("--deep") { Description = "Read and hash every payload byte: the default." };
        var quick = new Option<bool>("--quick") { Description = "Leave the payload's bytes out: its files only have to be there, with their lengths." };
        var command = new ToolCommand(
            "check",
            "Verifies every signature, digest, torrent and payload byte.",
            "stateless repo check repo/",
            "stateless repo check repo/ --quick"
        )
        {
            directory, deep, quick, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(deep) && result.GetValue(quick))
                result.AddError("--quick: expected without --deep");
        });
        command.SetAction(
            async (result, cancellation) =>
            {
                var repository = Open(result.GetRequiredValue(directory), context);
                var total = repository.ListReleases().Sum(digest => repository.ReadManifest(digest).TotalBytes);
                var problems = await context.Progress.RunAsync(
                    "checking",
                    progress =>
                        result.GetValue(quick)
                            ? repository.CheckWithoutPayloadAsync(cancellation)
                            : repository.CheckAsync(new ByteProgress(progress, total), cancellation)
                );
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer =>
                        {
                            writer.WriteBoolean("sound", problems.Count == 0);
                            writer.WriteStartArray("problems");
                            foreach (var problem in problems)
                            {
                                writer.WriteStartObject();
                                writer.WriteString("path", problem.Path);
                                writer.WriteString("problem", problem.Problem);
                                writer.WriteEndObject();
                            }
                            writer.WriteEndArray();
                        }
                    );
                else
                    foreach (var problem in problems)
                        await context.Terminal.Out.WriteLineAsync($"{problem.Path}: {problem.Problem}");
                if (problems.Count > 0)
                    throw new CommandException(ExitCode.Refused, $"{repository.Directory}: {problems.Count} problem(s)");
                if (!result.GetValue(json))
                    await context.Terminal.Out.WriteLineAsync($"{repository.Directory}: sound");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static ToolCommand List(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var json = JsonOption.Create();
        var command = new ToolCommand("list", "Lists releases and channels.", "stateless repo list repo/ --json") { directory, json };
        command.SetAction(result =>
        {
            var repository = Open(result.GetRequiredValue(directory), context);
            var channels = repository.ListChannels();
            var notes = repository.ReadNotes();
            var releases = repository
                .ListReleases()
                .Select(digest => (Digest: digest, Manifest: repository.ReadManifest(digest)))
                .OrderBy(release => release.Manifest.Product, StringComparer.Ordinal)
                .ThenBy(release => release.Manifest.Build)
                .ToList();
            if (result.GetValue(json))
                JsonOption.Write(
                    context.Terminal.Out,
                    writer =>
                    {
                        writer.WriteStartArray("releases");
                        foreach (var (digest, manifest) in releases)
                        {
                            writer.WriteStartObject();
                            ReleaseJson.Write(writer, digest, manifest);
                            ReleaseJson.Write(writer, digest, notes);
                            writer.WriteEndObject();
                        }
                        writer.WriteEndArray();
                        writer.WriteStartArray("channels");
                        foreach (var channel in channels)
                            ReleaseJson.Write(writer, channel);
                        writer.WriteEndArray();
                    }
                );
            else
            {
                foreach (var (digest, manifest) in releases)
                {
                    var names = channels.Where(channel => channel.Release == digest).Select(channel => channel.Channel);
                    context.Terminal.Out.WriteLine(
                        $"{manifest.Product} {manifest.Version} build {manifest.Build} {digest} "
                            + $"{ByteCount.Format(manifest.TotalBytes)} {string.Join(',', names)}".TrimEnd()
                            + Remarks(digest, notes)
                    );
                }
            }
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Show(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var release = Release();
        var json = JsonOption.Create();
        var command = new ToolCommand("show", "Shows a release.", "stateless repo show repo/ web/stable --json")
        {
            directory, release, json,
        };
        command.SetAction(result =>
        {
            var repository = Open(result.GetRequiredValue(directory), context);
            var digest = Resolve(repository, result.GetRequiredValue(release));
            var manifest = repository.ReadManifest(digest);
            var notes = repository.ReadNotes();
            if (result.GetValue(json))
                JsonOption.Write(
                    context.Terminal.Out,
                    writer =>
                    {
                        ReleaseJson.Write(writer, digest, manifest);
                        ReleaseJson.Write(writer, digest, notes);
                    }
                );
            else
            {
                var output = context.Terminal.Out;
                output.WriteLine($"{manifest.Product} {manifest.Version} build {manifest.Build}, {ImageFormats.Name(manifest.Format)}{Remarks(digest, notes)}");
                output.WriteLine($"digest  {digest}");
                output.WriteLine($"torrent {manifest.TorrentHash}");
                output.WriteLine($"verity  {manifest.Verity.RootHash}");
                foreach (var file in manifest.Files)
                    output.WriteLine($"file    {file.Name} {ByteCount.Format(file.Length)} sha256 {file.Sha256}");
            }
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary>The argument that names a release; <see cref="Resolve"/> reads it.</summary>
    internal static Argument<string> Release() =>
        new("release") { HelpName = "DIGEST|PRODUCT/CHANNEL", Description = "Release digest (or its first digits), or a channel." };

    /// <summary>Opens a repository; one that is not there is "not found".</summary>
    internal static Repository Open(string directory, CommandContext context) =>
        Directory.Exists(directory)
            ? Repository.Open(directory, context.Time)
            : throw new CommandException(ExitCode.Nothing, $"{directory}: no such repository");

    private static string Remarks(Sha256Digest digest, RepositoryNotes notes) =>
        (notes.Pinned.Contains(digest) ? ", pinned" : "")
        + (notes.WithdrawalOf(digest) is { } withdrawn ? $", withdrawn: {withdrawn.Reason}" : "");

    /// <summary>A release by digest, by the digest's first digits, or by the channel that points at it.</summary>
    internal static Sha256Digest Resolve(Repository repository, string name)
    {
        if (name.Split('/') is [var product, var channel])
            return repository.ListChannels().FirstOrDefault(pointer => pointer.Product == product && pointer.Channel == channel)?.Release
                ?? throw new CommandException(ExitCode.Nothing, $"{repository.Directory}: no channel {product}/{channel}");
        var matches = repository
            .ListReleases()
            .Where(digest => name.Length >= 4 && digest.ToString().StartsWith(name, StringComparison.OrdinalIgnoreCase))
            .Take(2)
            .ToList();
        return matches.Count switch
        {
            1 => matches[0],
            0 => throw new CommandException(ExitCode.Nothing, $"{repository.Directory}: no release {name}"),
            _ => throw new CommandException(ExitCode.Usage, $"{name}: several releases start so; give more digits"),
        };
    }
}
