using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Discovery.LocalDiscovery;

namespace StatelessSwarm.Discovery.Probe;

/// <summary>
/// Runs multicast DNS, or with <c>--lsd</c> local service discovery, in whatever network namespace it is started in,
/// for tests. Arguments: <c>[--interface NAME] [--host LABEL] [--v4 | --v6] [--register INSTANCE PORT [KEY=VALUE ...]]
/// [--browse TYPE] [--noise COUNT] [--measure COUNT TYPE] [--lsd PORT HASH]</c>. Writes one line per event,
/// milliseconds after the start first, and stops with a goodbye when its standard input ends.
/// </summary>
internal static class Program
{
    private const string RegisteredType = "_stateless._tcp";

    private static async Task<int> Main(string[] args)
    {
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

                    profile = new ServiceProfile(instance, RegisteredType, port, text);
                    break;
                case "--lsd":
                    await RunLocalAsync(options, int.Parse(args[++i], CultureInfo.InvariantCulture), args[++i]);
                    return 0;
                case "--noise":
                    await SendNoiseAsync(int.Parse(args[++i], CultureInfo.InvariantCulture));
                    return 0;
                case "--measure":
                    await MeasureAsync(options, int.Parse(args[++i], CultureInfo.InvariantCulture), args[++i]);
                    return 0;
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
    }

    private static async Task RunLocalAsync(MulticastDnsOptions options, int port, string hash)
    {
        if (!SwarmHash.TryParse(Encoding.ASCII.GetBytes(hash), out var swarm))
            throw new ArgumentException($"{hash}: 40 hexadecimal digits expected", nameof(hash));
        var local = await LocalServiceDiscovery.StartAsync(
            new LocalServiceDiscoveryOptions
            {
                Interfaces = options.Interfaces,
                UseIPv4 = options.UseIPv4,
                UseIPv6 = options.UseIPv6,
            },
            TimeProvider.System,
            NullLogger.Instance,
            CancellationToken.None
        );
        await local.AnnounceAsync(swarm, port);
        Console.WriteLine("started");
        var reading = ReadLocalAsync(local);
        await Console.In.ReadToEndAsync();
        await local.DisposeAsync();
        await reading;
    }

    private static async Task ReadLocalAsync(LocalServiceDiscovery local)
    {
        await foreach (var found in local.ReadFoundAsync(CancellationToken.None))
            Console.WriteLine($"found {found.Swarm} {found.EndPoint}");
    }

    // Random bytes and half-good messages to the group, as a broken or hostile neighbour sends them.
    private static async Task SendNoiseAsync(int count)
    {
        var random = new Random(1);
        using var socket = new UdpClient(AddressFamily.InterNetwork);
        socket.Client.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 255);
        var address = NetworkInterface
            .GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(own => own.Address)
            .First(own => own.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(own));
        socket.Client.SetSocketOption(
            SocketOptionLevel.IP,
            SocketOptionName.MulticastInterface,
            address.GetAddressBytes()
        );
        var group = new IPEndPoint(IPAddress.Parse("224.0.0.251"), 5353);
        byte[] response = [0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, (byte)'a', 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2];
        for (var i = 0; i < count; i++)
        {
            var noise = new byte[random.Next(i % 2 == 0 ? 1400 : 40)];
            random.NextBytes(noise);
            response.AsSpan(0, Math.Min(i % 3 == 0 ? 0 : response.Length, noise.Length)).CopyTo(noise);
            await socket.SendAsync(noise, group);
        }

        Console.WriteLine("noise sent");
    }

    // How long a fresh browser takes to its first neighbour, in milliseconds: one line per try, after one to warm up.
    private static async Task MeasureAsync(MulticastDnsOptions options, int count, string type)
    {
        var random = new Random(1);
        for (var i = 0; i <= count; i++)
        {
            await using var dns = await MulticastDns.StartAsync(
                options,
                TimeProvider.System,
                NullLogger.Instance,
                CancellationToken.None
            );
            var started = TimeProvider.System.GetTimestamp();
            await foreach (var happened in dns.BrowseAsync(type, CancellationToken.None))
            {
                var took = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
                if (i > 0)
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took:F1} {happened.Kind}"));
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1000, 2000)), TimeProvider.System);
        }
    }

    private static long Elapsed(long started) => (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;

    private static async Task BrowseAsync(MulticastDns dns, string type, long started, CancellationToken stopping)
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
}
