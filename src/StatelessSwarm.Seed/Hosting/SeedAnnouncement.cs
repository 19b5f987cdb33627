using System.Globalization;
using System.Security.Cryptography;
using StatelessSwarm.Discovery;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>
/// The server's mDNS service <c>_stateless._tcp</c>: port is the peer port; TXT <c>id</c> (16 hex digits, new with every
/// start), <c>v=1</c>, <c>role=seed</c>, <c>http</c> (HTTP port). A hint for neighbours: that it cannot be given is told and
/// goes no further.
/// </summary>
internal sealed partial class SeedAnnouncement : IAsyncDisposable
{
    /// <summary>DNS-SD type of everything that belongs to a swarm.</summary>
    public const string ServiceType = "_stateless._tcp";

    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly Task _run;

    private SeedAnnouncement(int httpPort, int peerPort, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _run = RunAsync(Profile(httpPort, peerPort), time);
    }

    /// <summary>Starts to announce in the background: probing takes a second.</summary>
    public static SeedAnnouncement Start(int httpPort, int peerPort, TimeProvider time, ILogger logger) =>
        new(httpPort, peerPort, time, logger);

    /// <summary>What is announced.</summary>
    public static ServiceProfile Profile(int httpPort, int peerPort)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var text = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = id,
            ["v"] = "1",
            ["role"] = "seed",
            ["http"] = httpPort.ToString(CultureInfo.InvariantCulture),
        };
        return new ServiceProfile($"stateless-seed-{id[..8]}", ServiceType, peerPort, text);
    }

    /// <summary>Says goodbye.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task RunAsync(ServiceProfile profile, TimeProvider time)
    {
        try
        {
            await using var multicast = await MulticastDns.StartAsync(new MulticastDnsOptions(), time, _logger, _stop.Token);
            await using var registration = await multicast.RegisterAsync(profile, _stop.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // the way this ends
        }
        catch (Exception exception)
        {
            LogFailed(exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "not announced by mDNS: {Reason}")]
    private partial void LogFailed(string reason);
}
