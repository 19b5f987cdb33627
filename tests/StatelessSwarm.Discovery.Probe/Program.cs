using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Discovery;

// Runs multicast DNS in whatever network namespace it is started in, for tests. Arguments:
//   [--interface NAME] [--host LABEL] [--v4 | --v6] [--register INSTANCE PORT [KEY=VALUE ...]] [--browse TYPE]
// Writes one line per event, milliseconds after browsing or registering began first, and stops with a goodbye when its
// standard input ends.
const string registeredType = "_stateless._tcp";

var options = new MulticastDnsOptions();
ServiceProfile? profile = null;
string? browsed = null;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--interface":
            options = options with { Interfaces = [args[++i]] };
            break;
        case "--host":
            options = options with { HostLabel = args[++i] };
            break;
        case "--v4":
            options = options with { UseIPv6 = false };
            break;
        case "--v6":
            options = options with { UseIPv4 = false };
            break;
        case "--browse":
            browsed = args[++i];
            break;
        case "--register":
            var instance = args[++i];
            var port = int.Parse(args[++i], CultureInfo.InvariantCulture);
            var text = new Dictionary<string, string>();
            while (i + 1 < args.Length && args[i + 1].Split('=', 2) is [var key, var value])
            {
                text[key] = value;
                i++;
            }

            profile = new ServiceProfile(instance, registeredType, port, text);
            break;
        default:
            await Console.Error.WriteLineAsync($"unknown argument '{args[i]}'");
            return 2;
    }
}

using var stopping = new CancellationTokenSource();
await using var dns = await MulticastDns.StartAsync(options, TimeProvider.System, NullLogger.Instance, stopping.Token);
Console.WriteLine("started");
var started = TimeProvider.System.GetTimestamp();
var browsing = browsed is null ? Task.CompletedTask : BrowseAsync(dns, browsed, started, stopping.Token);
if (profile is not null)
{
    var registration = await dns.RegisterAsync(profile, stopping.Token);
    Console.WriteLine($"{Elapsed(started)} registered {registration.Instance}");
}

await Console.In.ReadToEndAsync(stopping.Token);
await stopping.CancelAsync();
await browsing;
return 0;

static long Elapsed(long started) => (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;

static async Task BrowseAsync(MulticastDns dns, string type, long started, CancellationToken stopping)
{
    try
    {
        await foreach (var (kind, found) in dns.BrowseAsync(type, stopping))
        {
            var text = string.Join(' ', found.Text.Select(pair => $"{pair.Key}={pair.Value}"));
            var addresses = string.Join(',', found.Addresses);
            Console.WriteLine(
                $"{Elapsed(started)} {kind} {found.Instance} {found.Host}:{found.Port} [{addresses}] {text}"
            );
        }
    }
    catch (OperationCanceledException)
    {
        // Told to stop.
    }
}
