using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless status</c></summary>
internal static class StatusCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new NodeOptionSet(context, "state", "run", "mount", "no-mount");
        var json = JsonOption.Create();
        var watch = new Option<bool>("--watch") { Description = "Show the daemon's progress until interrupted." };
        var command = new ToolCommand(
            "status",
            "Says where the node stands: asks the daemon, or reads the state directory when none runs.",
            "stateless status --json"
        );
        options.AddTo(command);
        command.Add(json);
        command.Add(watch);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                if (result.GetValue(watch))
                    return (int)await WatchAsync(context, socket, cancellation);
                var status = await ControlClient.TryGetStatusAsync(socket, context.Time, cancellation);
                if (status is null)
                {
                    status = OfflineNode.ReadStatus(settings.StateDirectory(defaults), settings.MountDirectory(defaults));
                    context.Terminal.Note($"no daemon on {socket}; this is what the state directory says");
                }
                if (result.GetValue(json))
                    JsonOption.Write(context.Terminal.Out, writer => StatusJson.Write(writer, status));
                else
                    Write(context.Terminal.Out, status);
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static async Task<ExitCode> WatchAsync(CommandContext context, string socket, CancellationToken cancellation)
    {
        var seen = await context.Progress.RunAsync(
            "node",
            async progress =>
            {
                var shown = new StatusProgress(progress);
                var count = 0L;
                await foreach (var status in ControlClient.WatchAsync(socket, context.Time, cancellation))
                {
                    shown.Report(status);
                    count++;
                }
                return count;
            }
        );
        return seen > 0
            ? ExitCode.Done
            : throw new NodeException(FaultKind.Unreachable, $"{socket}: no daemon listens");
    }

    private static void Write(TextWriter writer, NodeStatus status)
    {
        if (status.Product.Length > 0)
            writer.WriteLine($"follows   {status.Product}/{status.Channel} from {status.Server}");
        if (status.NodeId.Length > 0)
            writer.WriteLine($"node      {status.NodeId}{(status.Site.Length > 0 ? $" at site {status.Site}" : "")}");
        WriteSlot(writer, "current", status.Current);
        WriteSlot(writer, "next", status.Next);
        WriteSlot(writer, "previous", status.Previous);
        if (status.Held is { } held)
            writer.WriteLine($"held      {held.Version} was rolled back; `stateless activate` takes it again");
        if (status.IsDaemon)
            writer.WriteLine(
                $"daemon    pid {status.ProcessId}, port {status.Port}, {ByteCount.Format(status.ResidentBytes)} resident, "
                    + $"serves {status.Sharing} release(s), {status.Neighbours} neighbour(s)"
            );
        WritePhase(writer, status);
        if (status.Limits is { } limits)
            writer.WriteLine($"limits    {LimitText.Line(limits)}");
        writer.WriteLine($"mounted   {status.MountedRoot ?? status.MountNote ?? "nothing"}");
        if (status.Updates is [.., var last])
            writer.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"last      {last.Version}: {last.TotalMilliseconds / 1000.0:0.0} s, disk {ByteCount.Format(last.Sources.Disk)}, "
                )
                    + $"lan {ByteCount.Format(last.Sources.Lan)}, wan {ByteCount.Format(last.Sources.Wan)}, "
                    + $"http {ByteCount.Format(last.Sources.Http)}"
            );
        if (status.LastFault is { } fault)
            writer.WriteLine($"fault     {fault.Line}");
    }

    private static void WritePhase(TextWriter writer, NodeStatus status)
    {
        if (!status.IsDaemon)
            return;
        var progress = status.Progress is { } transfer
            ? $" {transfer.Version} {Percent.Of(transfer.DoneBytes, transfer.TotalBytes)} of "
                + $"{ByteCount.Format(transfer.TotalBytes)}, {transfer.Peers} peer(s)"
            : "";
        writer.WriteLine($"phase     {PhaseNames.Of(status.Phase)}{progress}");
    }

    private static void WriteSlot(TextWriter writer, string name, SlotRelease? release)
    {
        if (release is not null)
            writer.WriteLine($"{name, -9} {release.Version} build {release.Build} {release.Digest}");
    }
}
