using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Node.Hosting;

/// <summary>
/// Tells systemd that the process lives (<c>WATCHDOG=1</c>, twice per <c>WATCHDOG_USEC</c>) and what it does (<c>STATUS=</c>). Reading
/// the status takes the locks that the update cycle takes, so a process that hangs in them falls silent.
/// </summary>
internal sealed class WatchdogService(NodeRuntime node, ISystemdNotifier notifier, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!notifier.IsEnabled)
            return;
        var watchdog = WatchdogInterval(Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
        using var timer = new PeriodicTimer(watchdog ?? StatusInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                notifier.Notify(new ServiceState("STATUS=" + Describe(node.GetStatus())));
                if (watchdog is not null)
                    notifier.Notify(new ServiceState("WATCHDOG=1"));
            }
        }
        catch (OperationCanceledException)
        {
            // stopped
        }
    }

    /// <summary>Half of the time systemd waits, or null when it does not watch.</summary>
    internal static TimeSpan? WatchdogInterval(string? microseconds) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is > 0 and < long.MaxValue / 100
            ? TimeSpan.FromMicroseconds(value / 2.0)
            : null;

    private static string Describe(NodeStatus status)
    {
        var runs = status.Current is { } current ? $"{status.Product} {current.Version}" : $"{status.Product}, no release yet";
        return status switch
        {
            { LastFault: { } fault } => $"{runs}; {fault.Line}",
            { Progress: { } progress } => $"{runs}; fetching {progress.Version}",
            _ => runs,
        };
    }
}
