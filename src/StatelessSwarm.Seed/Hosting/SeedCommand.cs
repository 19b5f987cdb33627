using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using StatelessSwarm.Content;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>The command <c>stateless-seed</c>: options in, a running server, an exit code out.</summary>
internal sealed class SeedCommand
{
    private const string Description = """
        Serves a repository of releases: files over HTTP, a BitTorrent tracker, and the first peer of every release.

        Example:
          stateless-seed --repo /srv/repo --http-port 8080 --peer-port 6881
        prints "stateless-seed ready: http=8080 peers=6881 releases=N" once it serves. A release published into the
        repository later is served within a second or two.
        """;

    private readonly Option<string> _repository = new("--repo")
    {
        Description = "The repository, as made by 'stateless repo init'.",
        HelpName = "DIR",
        Required = true,
    };
    private readonly Option<IPAddress[]> _listen = new("--listen")
    {
        Description = "Address to listen on, for HTTP and for peers; may be repeated. Default: 0.0.0.0 and [::].",
        HelpName = "ADDRESS",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseAddresses,
    };
    private readonly Option<int> _httpPort = Port("--http-port", 8080, "HTTP port, 0 for a free one.");
    private readonly Option<int> _peerPort = Port("--peer-port", 6881, "TCP port for peers, 0 for a free one.");
    private readonly Option<bool> _noMulticast = new("--no-mdns") { Description = "Do not announce the server by mDNS." };
    private readonly Option<long> _uploadLimit = new("--upload-limit")
    {
        Description = "Most bytes per second sent to peers: 500k, 12.5M, 100Mbit. Default: no limit. HTTP is not held back by it.",
        HelpName = "RATE",
        CustomParser = ParseRate,
    };
    private readonly Option<long> _originUp = new("--origin-up")
    {
        Description = "Most bytes per second sent to peers and over HTTP together: 12.5M, 100Mbit. Default: no limit.",
        HelpName = "RATE",
        CustomParser = ParseRate,
    };
    private readonly Option<string?> _netboot = new("--netboot")
    {
        Description = "Directory with vmlinuz, initrd.img and loaders for machines that boot from the network; served below /netboot/.",
        HelpName = "DIR",
    };
    private readonly Option<string> _netbootLine = new("--netboot-cmdline")
    {
        Description = "Kernel command line of those machines.",
        HelpName = "LINE",
        DefaultValueFactory = _ => "root=stateless",
    };
    private readonly Option<bool> _noDhcp = new("--no-proxy-dhcp")
    {
        Description = "With --netboot: do not answer DHCP clients that ask for a boot file, nor TFTP.",
    };
    private readonly Option<string?> _identity = new("--identity")
    {
        Description = "The server's identity (stateless identity issue): HTTP becomes HTTPS, and members of its authority alone are answered.",
        HelpName = "DIR",
    };
    private readonly Option<string?> _enrol = new("--enrol")
    {
        Description = "Directory of the authority: makes machines members that have a token (stateless identity token). With --identity.",
        HelpName = "DIR",
    };
    private readonly Option<string?> _audit = new("--audit-log")
    {
        Description = "File that gets a line of JSON for every machine that is let in or refused. Default: the log has it.",
        HelpName = "FILE",
    };
    private readonly Option<int> _netbootPort = Port("--netboot-port", 8081, "With --netboot and --identity: HTTP port of /netboot/, for firmware has no certificate.");
    private readonly Option<bool> _verify = new("--verify")
    {
        Description = "Hash every file of a release before seeding it.",
    };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly TimeProvider _time;
    private readonly SystemdNotifier _systemd;

    /// <summary>The command over its surroundings.</summary>
    public SeedCommand(TextWriter output, TextWriter error, TimeProvider time, SystemdNotifier systemd)
    {
        _output = output;
        _error = error;
        _time = time;
        _systemd = systemd;
    }

    /// <summary>Runs until told to stop (SIGINT, SIGTERM or <paramref name="cancellation"/>).</summary>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var root = new RootCommand(Description)
        {
            _repository,
            _listen,
            _httpPort,
            _peerPort,
            _noMulticast,
            _uploadLimit,
            _originUp,
            _netboot,
            _netbootLine,
            _noDhcp,
            _netbootPort,
            _identity,
            _enrol,
            _audit,
            _verify,
        };
        root.SetAction(ServeAsync);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            await _error.WriteLineAsync($"stateless-seed: {parsed.Errors[0].Message} (see stateless-seed --help)");
            return ExitCode.Usage;
        }
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = _output,
                Error = _error,
                // the server stops by itself well before
                ProcessTerminationTimeout = TimeSpan.FromSeconds(15),
            },
            cancellation
        );
    }

    private async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var options = new SeedOptions
        {
            RepositoryDirectory = parsed.GetRequiredValue(_repository),
            ListenAddresses = parsed.GetValue(_listen) ?? [],
            HttpPort = parsed.GetValue(_httpPort),
            PeerPort = parsed.GetValue(_peerPort),
            UseMulticastDns = !parsed.GetValue(_noMulticast),
            UploadBytesPerSecond = parsed.GetValue(_uploadLimit),
            OriginBytesPerSecond = parsed.GetValue(_originUp),
            NetbootDirectory = parsed.GetValue(_netboot),
            NetbootCommandLine = parsed.GetValue(_netbootLine)!,
            AnswersDhcp = parsed.GetValue(_netboot) is not null && !parsed.GetValue(_noDhcp),
            NetbootPort = parsed.GetValue(_netbootPort),
            IdentityDirectory = parsed.GetValue(_identity),
            AuthorityDirectory = parsed.GetValue(_enrol),
            AuditPath = parsed.GetValue(_audit),
            Verify = parsed.GetValue(_verify),
        };
        using var loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(LogLevel.Information);
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddProvider(new LineLoggerProvider(_error));
        });
        try
        {
            var server = await SeedServer.StartAsync(options, _time, loggers, cancellation);
            await using (server)
            {
                var ports = string.Create(
                    CultureInfo.InvariantCulture,
                    $"http={server.HttpPort} peers={server.PeerPort} releases={server.ReleaseCount}"
                );
                await _output.WriteLineAsync($"stateless-seed ready: {ports}");
                await _output.FlushAsync(CancellationToken.None);
                _systemd.Notify($"READY=1\nSTATUS={ports}");
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellation).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing
                );
                _systemd.Notify("STOPPING=1");
            }
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ContentException or TrustException)
        {
            await _error.WriteLineAsync($"stateless-seed: {exception.Message}");
            return ExitCode.Failed;
        }
    }

    private static Option<int> Port(string name, int port, string description)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "PORT",
            DefaultValueFactory = _ => port,
        };
        option.Validators.Add(result =>
        {
            // what is no number at all is refused by the parser
            if (
                result.Tokens.Count == 1
                && long.TryParse(result.Tokens[0].Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var told)
                && told is < 0 or > 65535
            )
                result.AddError($"{name}: expected 0 to 65535");
        });
        return option;
    }

    private static IPAddress[] ParseAddresses(ArgumentResult result)
    {
        var addresses = new List<IPAddress>();
        foreach (var token in result.Tokens)
        {
            if (IPAddress.TryParse(token.Value, out var address))
                addresses.Add(address);
            else
                result.AddError($"--listen: '{token.Value}' is no IP address");
        }
        return [.. addresses];
    }

    private static long ParseRate(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (TransferRate.TryParse(text, out var rate))
            return rate;
        var option = ((OptionResult)result.Parent!).Option.Name;
        result.AddError($"{option}: '{text}' is no rate, expected for example 500k, 12.5M or 100Mbit");
        return 0;
    }
}
