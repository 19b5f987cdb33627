using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using StatelessSwarm.Cli.Booting.Initramfs;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Cli.Booting;

/// <summary>
/// Brings interfaces up: all at once, the one the machine was booted from first in line for a fixed address; every one with a
/// carrier asks for an address by DHCP (busybox udhcpc). An interface that has an address already is left as it is.
/// </summary>
internal sealed class InterfaceSetup(string runDirectory, ToolLocator tools, TimeProvider time) : IAsyncDisposable
{
    private const string InterfacesPath = "/sys/class/net";

    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(2);

    private readonly HashSet<string> _up = [];
    private readonly Dictionary<string, Process> _clients = [];

    /// <summary>Does what can be done now; how far the network came.</summary>
    /// <param name="address">Fixed address, or null for DHCP.</param>
    /// <param name="bootInterface">MAC address of the interface to prefer, or null.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<BootNetworkState> StepAsync(StaticAddress? address, string? bootInterface, CancellationToken cancellation)
    {
        if (HasAddress())
            return BootNetworkState.Ready;
        var names = Names(bootInterface);
        if (_up.Count == 0)
            await RunIpAsync(["link", "set", "lo", "up"], cancellation);
        foreach (var name in names)
        {
            if (_up.Add(name))
                await RunIpAsync(["link", "set", name, "up"], cancellation);
        }
        var connected = names.Where(HasCarrier).ToList();
        if (connected.Count == 0)
            return BootNetworkState.NoLink;
        if (address is not null)
        {
            await SetAsync(address, address.Device is { } device && connected.Contains(device) ? device : connected[0], cancellation);
            return HasAddress() ? BootNetworkState.Ready : BootNetworkState.NoAddress;
        }
        foreach (var name in connected)
            Ask(name);
        return BootNetworkState.NoAddress;
    }

    /// <summary>Ends the DHCP clients; the addresses stay.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            using (client)
            {
                if (client.HasExited)
                    continue;
                client.Kill();
                using var limit = new CancellationTokenSource(KillPatience, time);
                await client.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        _clients.Clear();
    }

    private static List<string> Names(string? bootInterface)
    {
        if (!Directory.Exists(InterfacesPath))
            return [];
        return
        [
            .. Directory
                .EnumerateFileSystemEntries(InterfacesPath)
                .Select(path => Path.GetFileName(path)!)
                // a device behind it: no bridges, tunnels and the like
                .Where(name => Directory.Exists(Path.Combine(InterfacesPath, name, "device")))
                .OrderByDescending(name => bootInterface is not null && ReadLine(name, "address") == bootInterface)
                .ThenBy(name => name, StringComparer.Ordinal),
        ];
    }

    private static bool HasCarrier(string name) => ReadLine(name, "carrier") == "1";

    // carrier of an interface that is down cannot be read: EINVAL
    private static string? ReadLine(string name, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(InterfacesPath, name, file)).Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool HasAddress() =>
        NetworkInterface
            .GetAllNetworkInterfaces()
            .Where(one => one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Any(one => one.Address.AddressFamily == AddressFamily.InterNetwork || one.Address is { IsIPv6LinkLocal: false, AddressFamily: AddressFamily.InterNetworkV6 });

    private async Task SetAsync(StaticAddress address, string name, CancellationToken cancellation)
    {
        await RunIpAsync(["addr", "add", address.ToString(), "dev", name], cancellation);
        if (address.Gateway is { } gateway)
            await RunIpAsync(["route", "add", "default", "via", gateway.ToString(), "dev", name], cancellation);
    }

    private void Ask(string name)
    {
        if (_clients.TryGetValue(name, out var running))
        {
            if (!running.HasExited)
                return;
            running.Dispose();
        }
        var script = Path.Combine("/usr/share/stateless", "udhcpc.sh");
        if (!File.Exists(script))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(script)!);
            File.WriteAllBytes(script, InitramfsBuilder.Script("udhcpc.sh"));
            FileFacts.SetMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Directory.CreateDirectory(runDirectory);
        // seconds between tries; -f stays in the foreground, for us to end
        var command = Applet.Of(tools, "udhcpc", ["-f", "-i", name, "-s", script, "-t", "4", "-T", "1", "-A", "5"]);
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var client = new Process { StartInfo = start };
        client.OutputDataReceived += (_, _) => { };
        client.ErrorDataReceived += (_, _) => { };
        client.Start();
        client.BeginOutputReadLine();
        client.BeginErrorReadLine();
        _clients[name] = client;
    }

    private async Task RunIpAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        try
        {
            await Applet.Of(tools, "ip", arguments).RunAsync(cancellation);
        }
        catch (CommandException fault) when (fault.Code == ExitCode.Failed)
        {
            // it exists already, or the interface went: the next look says what is missing
        }
    }
}
