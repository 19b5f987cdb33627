using System.CommandLine;
using System.Text.Json;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Repositories;

/// <summary><c>stateless repo prune|pin|unpin|withdraw</c></summary>
internal static class UpkeepCommands
{
    private const int DefaultKeep = 3;

    /// <summary>Deletes old releases.</summary>
    public static Command Prune(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var json = JsonOption.Create();
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be deleted." };
        var keep = new Option<int>("--keep")
        {
            HelpName = "N",
            Description = "Newest releases of each product that stay, withdrawn ones not counted.",
            DefaultValueFactory = _ => DefaultKeep,
        };
        keep.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--keep: expected 1 or more");
        });
        var command = new ToolCommand(
            "prune",
            "Deletes releases that no channel points at, nobody pinned and that are not among the newest. Their versions and build numbers stay used up.",
            "stateless repo prune repo/ --keep 5 --dry-run"
        )
        {
            directory, keep, dryRun, json,
        };
        command.SetAction(result =>
        {
            var repository = RepositoryCommands.Open(result.GetRequiredValue(directory), context);
            var isDryRun = result.GetValue(dryRun);
            var newest = result.GetValue(keep);
            var plan = isDryRun ? repository.PlanPrune(newest) : repository.Prune(newest);
            if (result.GetValue(json))
                WriteJson(context, plan, isDryRun);
            else
                WriteText(context, plan, isDryRun);
            return (int)(plan.Deleted.Count == 0 ? ExitCode.Nothing : ExitCode.Done);
        });
        return command;
    }

    /// <summary>Keeps a release.</summary>
    public static Command Pin(CommandContext context) =>
        Pin(context, "pin", "Keeps a release from being pruned, until `stateless repo unpin`.", isPinned: true);

    /// <summary>Keeps a release no more.</summary>
    public static Command Unpin(CommandContext context) =>
        Pin(context, "unpin", "Lets a pinned release be pruned like any other.", isPinned: false);

    /// <summary>Marks a release as bad.</summary>
    public static Command Withdraw(CommandContext context)
    {
        var directory = RepositoryOptions.Directory();
        var release = RepositoryCommands.Release();
        var reason = new Option<string>("--reason") { HelpName = "TEXT", Description = "Why, one line; `repo list` and `repo show` tell it.", Required = true };
        var command = new ToolCommand(
            "withdraw",
            "Marks a release as one that no channel may be pointed at any more. What nodes run already stays: point their channel at a newer release first.",
            "stateless repo withdraw repo/ 1a2b3c4d --reason 'boots into a black screen'"
        )
        {
            directory, release, reason,
        };
        command.SetAction(result =>
        {
            var repository = RepositoryCommands.Open(result.GetRequiredValue(directory), context);
            var digest = RepositoryCommands.Resolve(repository, result.GetRequiredValue(release));
            repository.Withdraw(digest, result.GetRequiredValue(reason));
            context.Terminal.Out.WriteLine($"{Describe(digest, repository.ReadManifest(digest))} is withdrawn");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static ToolCommand Pin(CommandContext context, string name, string description, bool isPinned)
    {
        var directory = RepositoryOptions.Directory();
        var release = RepositoryCommands.Release();
        var command = new ToolCommand(name, description, $"stateless repo {name} repo/ web/stable") { directory, release };
        command.SetAction(result =>
        {
            var repository = RepositoryCommands.Open(result.GetRequiredValue(directory), context);
            var digest = RepositoryCommands.Resolve(repository, result.GetRequiredValue(release));
            var isChanged = repository.Pin(digest, isPinned);
            var state = (isPinned ? "is pinned" : "is not pinned") + (isChanged ? "" : " already");
            context.Terminal.Out.WriteLine($"{Describe(digest, repository.ReadManifest(digest))} {state}");
            return (int)(isChanged ? ExitCode.Done : ExitCode.Nothing);
        });
        return command;
    }

    private static string Describe(Sha256Digest digest, ReleaseManifest manifest) =>
        $"{manifest.Product} {manifest.Version} build {manifest.Build} {digest}";

    private static void WriteText(CommandContext context, PrunePlan plan, bool isDryRun)
    {
        var text = context.Terminal.Out;
        foreach (var (digest, manifest, reason) in plan.Kept)
            text.WriteLine($"{Describe(digest, manifest)} stays: {reason}");
        foreach (var (digest, manifest) in plan.Deleted)
            text.WriteLine($"{Describe(digest, manifest)} {(isDryRun ? "would be deleted" : "deleted")}, {ByteCount.Format(manifest.TotalBytes)}");
        text.WriteLine($"{ByteCount.Format(plan.Bytes)} {(isDryRun ? "would be freed" : "freed")}");
    }

    private static void WriteJson(CommandContext context, PrunePlan plan, bool isDryRun) =>
        JsonOption.Write(
            context.Terminal.Out,
            json =>
            {
                json.WriteBoolean("dry_run", isDryRun);
                json.WriteNumber("bytes", plan.Bytes);
                json.WriteStartArray("deleted");
                foreach (var (digest, manifest) in plan.Deleted)
                    Write(json, digest, manifest, reason: null);
                json.WriteEndArray();
                json.WriteStartArray("kept");
                foreach (var (digest, manifest, reason) in plan.Kept)
                    Write(json, digest, manifest, reason);
                json.WriteEndArray();
            }
        );

    private static void Write(Utf8JsonWriter json, Sha256Digest digest, ReleaseManifest manifest, string? reason)
    {
        json.WriteStartObject();
        json.WriteString("digest", digest.ToString());
        json.WriteString("product", manifest.Product);
        json.WriteString("version", manifest.Version);
        json.WriteNumber("build", manifest.Build);
        if (reason is not null)
            json.WriteString("reason", reason);
        json.WriteEndObject();
    }
}
