//! `plugin`: what a vendor does (new, build, test, keygen, sign) and what an administrator does
//! (trust, verify, install, enable, go back, revoke, list).

mod admin;
mod vendor;

pub(super) use admin::grown;

use super::Context;
use super::setting::Backed;
use crate::error::AppError;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 新建插件工程，自带 SDK / Start a plugin in a new folder, with the SDK
    New {
        name: String,
        /// 目录，缺省与名称相同 / Folder; named like the plugin if not given
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// 编译为插件包 / Build the package
    Build {
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// 由其他工具生成的组件 / Component that another tool made
        #[arg(long)]
        component: Option<PathBuf>,
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// 在真实引擎中运行例子 / Run the examples inside the real engine
    Test {
        /// 工程目录或插件包 / Folder or package
        #[arg(default_value = ".")]
        path: PathBuf,
        #[arg(long)]
        examples: Option<PathBuf>,
    },
    /// 生成签名密钥 / Make a signing key
    Keygen {
        name: String,
        #[arg(long)]
        out: PathBuf,
    },
    /// 签名 / Sign a package
    Sign {
        file: PathBuf,
        #[arg(long)]
        key: PathBuf,
        /// 缺省写回原文件 / Back into the file if not given
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// 核验插件包，并显示其要求的权限 / Verify a package and show what it asks for
    Verify {
        file: PathBuf,
        /// 不用主目录中的信任名单，而用此公钥 / Trust this key instead of those of the home
        #[arg(long, value_name = "VKEY|FILE")]
        vkey: Option<String>,
    },
    /// 信任一个厂商公钥 / Trust a vendor's public key
    Trust {
        #[arg(value_name = "VKEY|FILE")]
        key: String,
    },
    /// 安装 / Install
    Install { file: PathBuf },
    /// 对一个区划启用 / Enable for a region
    Enable {
        /// 插件编号或插件包散列 / Id of the plugin, or hash of the package
        #[arg(value_name = "ID|HASH")]
        plugin: String,
        /// 区划代码；缺省为主目录的区划 / Region code; that of the home if not given
        #[arg(long)]
        region: Option<String>,
        /// 参数文件，JSON 或 TOML / Parameters, JSON or TOML
        #[arg(long)]
        params: Option<PathBuf>,
        /// 从现在还是从日志开头看起 / Look from now on, or at the whole log
        #[arg(long, value_enum, default_value = "now")]
        from: From,
        #[command(flatten)]
        agreed: Agreed,
        #[command(flatten)]
        backed: Backed,
    },
    /// 退回上一次改动之前，并重算 / Go back to before the last change, and fold the keys anew
    Rollback {
        plugin: String,
        #[command(flatten)]
        backed: Backed,
    },
    /// 撤销一个插件包：从此不再运行，不可恢复 / Revoke a package: nothing runs it any more, for good
    Revoke {
        hash: String,
        /// 为什么，记入存证链 / Why, which the ledger names
        #[arg(long)]
        reason: String,
    },
    /// 不再信任一个厂商公钥 / Trust a vendor's key no longer
    Distrust {
        /// 公钥、公钥文件或其名称 / The key, its file, or its name
        #[arg(value_name = "VKEY|FILE|NAME")]
        key: String,
    },
    /// 列出已安装的插件包 / List installed packages
    List,
}

/// What an administrator says yes to.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Agreed {
    /// 同意比以前更多的权限 / Agree to more rights than before
    #[arg(long = "accept-rights")]
    rights: bool,
    /// 同意由新的厂商签名 / Agree to another signer than before
    #[arg(long = "accept-signer")]
    signer: bool,
}

impl Agreed {
    /// More rights; another signer.
    pub(super) fn both(self) -> (bool, bool) {
        (self.rights, self.signer)
    }
}

/// Where a new deployment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum From {
    Now,
    Start,
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::New { name, dir } => vendor::new(context.out, &name, dir),
        Command::Build { dir, component, out } => {
            vendor::build(context.out, &dir, component.as_deref(), out)
        }
        Command::Test { path, examples } => vendor::test(context.out, &path, examples),
        Command::Keygen { name, out } => vendor::keygen(context.out, &name, &out),
        Command::Sign { file, key, out } => vendor::sign(context.out, &file, &key, out),
        Command::Verify { file, vkey } => {
            admin::verify(context, &context.path(file), vkey.as_deref())
        }
        Command::Trust { key } => admin::trust(context, &key),
        Command::Install { file } => admin::install(context, &context.path(file)),
        Command::Enable { plugin, region, params, from, agreed, backed } => {
            let params = params.map(|params| context.path(params));
            let (place, backing) = ((region, params.as_deref()), backed.backing());
            admin::enable(context, &plugin, place, from, (agreed, &backing))
        }
        Command::Rollback { plugin, backed } => {
            admin::rollback(context, &plugin, &backed.backing())
        }
        Command::Revoke { hash, reason } => admin::revoke(context, &hash, &reason),
        Command::Distrust { key } => admin::distrust(context, &key),
        Command::List => admin::list(context),
    }
}
