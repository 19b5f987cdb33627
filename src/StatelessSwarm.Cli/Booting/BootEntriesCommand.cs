using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Slots;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot entries</c></summary>
internal static class BootEntriesCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var partition = new Option<string>("--boot") { Required = true, HelpName = "DIR", Description = "Where the boot partition is mounted: /efi, /boot/efi, /boot." };
        var state = new Option<string>("--state") { Required = true, HelpName = "DIR", Description = "State directory with the releases." };
        var options = new Option<string>("--options") { HelpName = "LINE", Description = "Kernel command line of the entries.", DefaultValueFactory = _ => "root=stateless" };
        var tries = new Option<int>("--tries") { HelpName = "N", Description = "Boots that the loader gives a new release.", DefaultValueFactory = _ => 3 };
        var command = new ToolCommand(
            "entries",
            "Writes Boot Loader Specification entries, with counters, for the releases in the slots that bring a kernel and an initrd; removes those of others.",
            "stateless boot entries --boot /efi --state /run/stateless/cache/stateless --options 'root=stateless:web/stable quiet'"
        )
        {
            partition,
            state,
            options,
            tries,
        };
        command.SetAction(result =>
        {
            var directory = result.GetRequiredValue(state);
            if (!Directory.Exists(Path.Combine(directory, "releases")))
                throw new CommandException(ExitCode.Nothing, $"{directory}: no node has run here");
            var count = result.GetValue(tries);
            if (count is < 1 or > BootLedger.MaxTries)
                throw new CommandException(ExitCode.Usage, $"--tries {count}: expected 1 to {BootLedger.MaxTries}");
            var store = ReleaseStore.Open(directory);
            var slots = RootSlots.Open(store).Read();
            var ledger = BootLedger.Open(store);
            var releases = ((Sha256Digest?[])[slots.Next, slots.Current, slots.Previous]).OfType<Sha256Digest>().Select(store.Find).OfType<StoredRelease>().ToList();
            var entries = new LoaderEntries(result.GetRequiredValue(partition));
            var written = entries.Update(releases, result.GetValue(options)!, count, release => ledger.Read(release) is { IsGood: true });
            foreach (var release in written)
                context.Terminal.Out.WriteLine($"{release.Manifest.Product} {release.Manifest.Version}: new entry");
            if (written.Count == 0)
                context.Terminal.Out.WriteLine(entries.List().Count > 0 ? "nothing to do" : "no release in the slots brings a kernel and an initrd");
            return (int)ExitCode.Done;
        });
        return command;
    }
}
