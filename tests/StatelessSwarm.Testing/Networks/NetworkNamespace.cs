using System.Diagnostics;
using System.Globalization;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Testing.Networks;

/// <summary>
/// A network namespace of Linux, with nothing in it but its loopback. Deleted at the end; one left behind by a test run
/// that was killed is deleted by the next.
/// </summary>
public sealed class NetworkNamespace : IAsyncDisposable
{
    private const string Prefix = "sswt-";

    private static int _count;

    private NetworkNamespace(string name)
    {
        Name = name;
    }

    /// <summary>Its name; the first part says whose it is.</summary>
    public string Name { get; }

    /// <summary>What to put in front of a command line to run it here.</summary>
    public IReadOnlyList<string> Enter => ["ip", "netns", "exec", Name];

    /// <summary>Makes one.</summary>
    /// <exception cref="InvalidOperationException">Not root, or <c>ip</c> failed.</exception>
    public static async Task<NetworkNamespace> CreateAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("this test makes network namespaces and so must run as root");
        await DeleteLeftBehindAsync();
        var made = new NetworkNamespace(
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}")
        );
        await RunAsync("ip", "netns", "add", made.Name);
        await made.IpAsync("link", "set", "lo", "up");
        return made;
    }

    /// <summary>Lays a cable between two namespaces and gives each end its address.</summary>
    public static async Task ConnectAsync(
        NetworkNamespace left,
        string leftLink,
        string leftAddress,
        NetworkNamespace right,
        string rightLink,
        string rightAddress
    )
    {
        await left.IpAsync(
            ["link", "add", leftLink, "type", "veth", "peer", "name", rightLink, "netns", right.Name]
        );
        await left.BringUpAsync(leftLink, leftAddress);
        await right.BringUpAsync(rightLink, rightAddress);
    }

    /// <summary>Waits until a link's IPv6 address is past duplicate address detection and so of use.</summary>
    /// <exception cref="TimeoutException">It is not after ten seconds.</exception>
    public async Task WaitForIPv6Async(string link)
    {
        for (var i = 0; i < 100; i++)
        {
            var addresses = await RunAsync("ip", "-n", Name, "-6", "address", "show", "dev", link);
            if (addresses.Contains("inet6 fe80", StringComparison.Ordinal) && !addresses.Contains("tentative", StringComparison.Ordinal))
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        throw new TimeoutException($"{link} in {Name} got no usable IPv6 address");
    }

    /// <summary>Runs <c>ip</c> in it.</summary>
    public Task IpAsync(params string[] arguments) => RunAsync("ip", ["-n", Name, .. arguments]);

    /// <summary>Starts a program in it that ends with its standard input.</summary>
    public LineProcess Start(string program, params IEnumerable<string> arguments) =>
        LineProcess.Start("ip", ["netns", "exec", Name, program, .. arguments]);

    /// <summary>Starts a program in it that ends with its standard input.</summary>
    public LineProcess Start(IEnumerable<string> command, IReadOnlyDictionary<string, string> environment) =>
        LineProcess.Start("ip", ["netns", "exec", Name, .. command], environment);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("ip", "netns", "delete", Name);

    private async Task BringUpAsync(string link, string address)
    {
        await IpAsync("address", "add", address, "dev", link);
        await IpAsync("link", "set", link, "up");
    }

    private static async Task DeleteLeftBehindAsync()
    {
        foreach (var line in (await RunAsync("ip", "netns", "list")).Split('\n'))
        {
            var name = line.Split(' ')[0];
            if (
                name.StartsWith(Prefix, StringComparison.Ordinal)
                && int.TryParse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture, out var owner)
                && !Directory.Exists($"/proc/{owner}")
            )
                await RunAsync("ip", "netns", "delete", name);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException(
                $"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}: {error.Trim()}"
            );
    }
}
