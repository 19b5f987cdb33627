using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Fetching;

namespace StatelessSwarm.Node.Hosting;

/// <summary>
/// Looks at the channel now and then, the interval spread by a tenth so that a fleet does not come all at once. After a failure
/// it comes back sooner: from 1 s, doubling, up to a minute, never later than the interval asks.
/// </summary>
internal sealed class UpdateLoop(NodeOptions options, NodeRuntime node, TimeProvider time, Random random, ILogger logger)
    : BackgroundService
{
    /// <summary>Longest wait after a failure.</summary>
    internal static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // the host waits for the first await of a service: let it start the others
        await Task.Yield();
        var backoff = new Backoff(FirstBackoff, LongestBackoff, random);
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                await node.KeepIdentityAsync(stoppingToken);
                await node.UpdateAsync(stoppingToken);
                await node.IndexAsync(stoppingToken);
                backoff.Reset();
                wait = options.PollInterval * (0.9 + (random.NextDouble() * 0.2));
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                wait = backoff.Next();
                NodeLog.UpdateFailed(logger, Fault.Of(fault).Line, wait.TotalSeconds);
            }
            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
