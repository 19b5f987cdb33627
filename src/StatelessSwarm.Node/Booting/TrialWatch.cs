using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Booting;

/// <summary>
/// Watches over a release on trial after the hand-over: feeds the watchdog until the release is blessed, and restarts the machine
/// when that does not happen in time. A hang of the new root ends in a restart that was counted, whether the kernel still runs
/// (this does it) or not (the watchdog does).
/// </summary>
/// <param name="timeout">Longest wait for the blessing; zero: for ever.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
public sealed class TrialWatch(TimeSpan timeout, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Watches until the release is blessed.</summary>
    /// <param name="stateDirectory">Where the ledger is.</param>
    /// <param name="release">The release that runs.</param>
    /// <param name="feed">Feeds the watchdog.</param>
    /// <param name="restart">Restarts the machine.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>True when it was blessed, false when the machine was told to restart.</returns>
    public async Task<bool> RunAsync(string stateDirectory, Sha256Digest release, Action feed, Action restart, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(restart);
        var ledger = BootLedger.Open(ReleaseStore.Open(stateDirectory));
        var begun = time.GetTimestamp();
        while (ledger.Read(release) is { IsGood: false })
        {
            if (timeout > TimeSpan.Zero && time.GetElapsedTime(begun) >= timeout)
            {
                NodeLog.NotBlessed(logger, release, timeout.TotalSeconds);
                restart();
                return false;
            }
            feed();
            await Task.Delay(Interval, time, cancellation);
        }
        return true;
    }
}
